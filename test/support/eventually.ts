const PAUSE_MS = 20;

/** Calls `ask` until it no longer throws, for at most `withinMs`. For changes that no event reports. */
export async function eventually<Answer>(ask: () => Promise<Answer>, withinMs = 10_000): Promise<Answer> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
