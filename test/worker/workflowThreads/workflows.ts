import { condition, defineSignal, defineUpdate, setHandler, sleep } from '@temporalio/workflow';

export const goSignal = defineSignal('go');
export const greetUpdate = defineUpdate<string, [string]>('greet');

/** After the signal, one step runs this many turns of a loop. Then the workflow waits for the rest of the test. */
export async function looping(turns: number): Promise<void> {
  let goes = false;
  setHandler(goSignal, () => void (goes = true));
  await condition(() => goes);
  for (let turn = 0; turn < turns; turn += 1);
  await sleep('1 hour');
}

/** Responds to updates, each after a second. */
export async function greeting(): Promise<void> {
  setHandler(greetUpdate, async (name) => {
    await sleep('1 second');
    return `Hello ${name}`;
  });
  await sleep('1 hour');
}
