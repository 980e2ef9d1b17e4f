const PAUSE_MS = 20;

/** Asks until the answer is there, at most `withinMs`; for what no event tells. */
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
