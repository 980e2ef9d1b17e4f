const PAUSE_MS = 20;

/** Asks until the answer is there, at most 10 s; for what no event tells. */
export async function eventually<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
