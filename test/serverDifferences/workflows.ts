import { condition, defineUpdate, setHandler } from '@temporalio/workflow';

export const answerUpdate = defineUpdate<string, [string]>('answer');

/** Answers once, and ends with what it answered. */
export async function answersOnce(name: string): Promise<string> {
  let answered = false;
  setHandler(answerUpdate, (asked) => {
    answered = true;
    return `${name} to ${asked}`;
  });
  await condition(() => answered);
  return name;
}

/** Waits for an hour, or for an answer that takes as long. */
export async function answersInAnHour(): Promise<void> {
  let answered = false;
  setHandler(answerUpdate, async (asked) => {
    await condition(() => false, '1 hour');
    answered = true;
    return asked;
  });
  await condition(() => answered);
}
