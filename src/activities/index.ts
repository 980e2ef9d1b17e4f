import { createCancellationActivities } from './cancellations/cancellations';
import { createChargeActivities } from './payments/charges';
import type { ActivityDependencies } from './dependencies';
import { createHousekeepingActivities } from './operations/housekeeping';
import { createOpeningActivities } from './openings/openings';
import { createPaymentActivities } from './payments/payments';
import { createRefundActivities } from './cancellations/refunds';
import { createReconciliationActivities } from './reconciliation/reconciliation';
import { createReservationActivities } from './reservations/reservations';
import { createSettlementActivities } from './payments/settlements';
import { createShowCancellationActivities } from './cancellations/showCancellations';
import { createSweepActivities } from './operations/sweep';
import { createTopUpActivities } from './ledger/topUps';

type Created = ReturnType<typeof createActivities>;

/** Every activity that workflows may call. Workflow code imports only this type. */
export type Activities = {
  [Name in keyof Created]: (...args: Parameters<Created[Name]>) => ReturnType<Created[Name]>;
};

export function createActivities(dependencies: ActivityDependencies) {
  return {
    ...createReservationActivities(dependencies),
    ...createPaymentActivities(dependencies),
    ...createChargeActivities(dependencies),
    ...createSettlementActivities(dependencies),
    ...createTopUpActivities(dependencies),
    ...createSweepActivities(dependencies),
    ...createCancellationActivities(dependencies),
    ...createRefundActivities(dependencies),
    ...createReconciliationActivities(dependencies),
    ...createShowCancellationActivities(dependencies),
    ...createOpeningActivities(dependencies),
    ...createHousekeepingActivities(dependencies),
  };
}
