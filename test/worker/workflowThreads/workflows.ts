import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';

export const goSignal = defineSignal('go');

/** After the signal, one step runs this many turns of a loop. Then the workflow waits for the rest of the test. */
export async function looping(turns: number): Promise<void> {
  let goes = false;
  setHandler(goSignal, () => void (goes = true));
  await condition(() => goes);
  for (let turn = 0; turn < turns; turn += 1);
  await sleep('1 hour');
}
