import type { CancellationResult, ShowCancellationResult } from '../../src/contract/cancellations';
import type { TopUpResult } from '../../src/contract/ledger';
import type { SaleOpeningResult } from '../../src/contract/openings';
import type { ChargeSettlementResult } from '../../src/contract/payments';
import type { ReservationState } from '../../src/contract/reservations';
import { Problem } from '../../src/domain/problems';
import type { Testbed } from '../support/testbed';

/** One way in which a workflow can end, played on the real Temporal. */
export interface Ending {
  /** The status in the result of the workflow. */
  status: (
    | ReservationState
    | TopUpResult
    | ChargeSettlementResult
    | CancellationResult
    | ShowCancellationResult
    | SaleOpeningResult
  )['status'];
  /** @returns the id of the workflow, which may not have ended yet */
  play(testbed: Testbed): Promise<string>;
}

/** Expects that the call is refused: any other response would lead to another ending. */
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
