import { createCancellationActivities } from './cancellations';
import { createChargeActivities } from './charges';
import type { ActivityDependencies } from './dependencies';
import { createHousekeepingActivities } from './housekeeping';
import { createOpeningActivities } from './openings';
import { createPaymentActivities } from './payments';
import { createRefundActivities } from './refunds';
import { createReconciliationActivities } from './reconciliation';
import { createReservationActivities } from './reservations';
import { createSettlementActivities } from './settlements';
import { createShowCancellationActivities } from './showCancellations';
import { createSweepActivities } from './sweep';
import { createTopUpActivities } from './topUps';

type Created = ReturnType<typeof createActivities>;

/** Every activity that workflows may call. Workflow code imports this type alone. */
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
