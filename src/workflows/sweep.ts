import { setCurrentDetails } from '@temporalio/workflow';
import { boundedStep } from './steps';

const adoptStranded = boundedStep(
  'Give open reservations without a workflow a new one',
  (activities) => activities.adoptStranded,
);
const withdrawForgotten = boundedStep(
  'Withdraw payments and top-ups that never began',
  (activities) => activities.withdrawForgotten,
);

export interface SweepResult {
  status: 'SUCCEEDED';
  /** Reservations past their time that no workflow owned. 0 on a healthy system. */
  adopted: number;
  /** Payments and top-ups. */
  withdrawn: number;
}

/**
 * The net below everything: nothing may depend on one workflow being alive. It finds what was left behind, as when an
 * operator has terminated a workflow, and ends it by the same path as everything else.
 */
export async function sweep(): Promise<SweepResult> {
  let adopted = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof adoptStranded>> = await adoptStranded(after);
    adopted += page.adopted;
    after = page.last;
  } while (after !== null);
  const withdrawn = await withdrawForgotten();
  setCurrentDetails(`Adopted ${adopted} reservations, withdrew ${withdrawn} payments and top-ups.`);
  return { status: 'SUCCEEDED', adopted, withdrawn };
}
