import type { RecordedCancellation } from '../../db/cancellations/cancellationStore';
import type { ServiceClock } from '../../db/serviceClock';
import type { Stores } from '../../db/stores';
import { cancellationTerms, notCancellable } from '../../domain/cancellations/cancellationTerms';
import { Problem } from '../../domain/problems';
import type { CancellationWorkflows } from './cancellationWorkflows';
import type { createReadFacts } from './readFacts';

export interface CancelRequest {
  /** A second request with the same id gets the same cancellation. */
  cancellationId: string;
  reservationId: string;
  userId: string;
  /** Null means all seats that are left. */
  seatIds: string[] | null;
}

type CancellationStores = Pick<Stores, 'cancellationRequests' | 'cancellations'>;

export interface CancelDependencies {
  stores: CancellationStores;
  readFacts: ReturnType<typeof createReadFacts>;
  workflows: CancellationWorkflows;
  clock: Pick<ServiceClock, 'now'>;
}

/**
 * The path of a cancellation: the API records the request, and its workflow decides about it. The API does not record a
 * request that it has to reject anyway. It withdraws a request that is not decided in time, so that the request has no
 * effect later.
 */
export function createCancelReservation(dependencies: CancelDependencies) {
  const { stores, readFacts, workflows, clock } = dependencies;
  const { cancellationRequests: requests } = stores;

  /**
   * @throws {Problem} reservation-not-found, validation-failed, not-cancellable; temporarily-unavailable if it is not
   *   decided yet
   */
  return async function cancelReservation(request: CancelRequest): Promise<RecordedCancellation> {
    const { cancellationId, reservationId, userId, seatIds } = request;
    const { facts, scheduleId } = await readFacts(userId, reservationId, { seatIds, field: 'seatIds' });
    const { reason } = cancellationTerms(facts, 'CUSTOMER', clock.now());
    if (reason !== null && !(await isRecorded(cancellationId))) throw notCancellable(reason);

    await requests.request({ cancellationId, reservationId, cause: 'CUSTOMER', seatIds });
    let failure: unknown = notDecided();
    try {
      await workflows.decide({ cancellationId, reservationId, scheduleId, userId });
    } catch (error) {
      failure = error;
    }
    // The API asks Postgres before it rejects the request: the cancellation may be decided although the response was
    // lost. A response does not prove a decision either: the run may have seen this request while it was withdrawn.
    if (await requests.withdraw(cancellationId)) throw failure;
    const cancelled = await readCancellation(stores, cancellationId);
    if (cancelled) return cancelled;
    throw notDecided();
  };

  /**
   * Whether an earlier run of this request has recorded it. Then its row decides, by the time that is recorded there.
   */
  async function isRecorded(cancellationId: string): Promise<boolean> {
    const earlier = await requests.find(cancellationId);
    return earlier !== null && earlier.status !== 'WITHDRAWN';
  }
}

const notDecided = () => new Problem('temporarily-unavailable', 'The cancellation is not decided yet.');

/**
 * Reads the final outcome of a request from Postgres.
 *
 * @returns null if no cancellation is recorded under this id, or the request is not decided
 * @throws {Problem} not-cancellable if the request was refused
 */
export async function readCancellation(
  { cancellationRequests, cancellations }: CancellationStores,
  cancellationId: string,
): Promise<RecordedCancellation | null> {
  const request = await cancellationRequests.find(cancellationId);
  if (request?.status === 'REFUSED') throw notCancellable(request.reason ?? 'not-confirmed');
  return cancellations.find(cancellationId);
}
