import { Problem } from '../../src/domain/problems';

/** The ending is about a refusal: an answer instead would be another ending. */
export async function refused(call: Promise<unknown>): Promise<void> {
  const answer = await call.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      return null;
    },
  );
  if (answer) throw new Error(`not refused: ${JSON.stringify(answer.value)}`);
}
