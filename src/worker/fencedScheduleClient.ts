import {
  ScheduleClient,
  type Client,
  type ScheduleDescription,
  type WorkflowService,
} from '@temporalio/client';

type UpdateRequest = Parameters<WorkflowService['updateSchedule']>[0];

/**
 * A client whose update of a schedule counts only while the schedule is as it was described. The SDK (1.24.0) describes
 * and then updates without the server's conflict token, so a pause in between is overwritten. One client for each update.
 *
 * A server may drop an update that comes too late and answer it well all the same, as 1.29 does: describe the schedule
 * again to see whether it counted.
 */
export class FencedScheduleClient extends ScheduleClient {
  readonly #conflictToken: Uint8Array | null;

  constructor(client: Client, { raw }: ScheduleDescription) {
    super({ ...client.schedule.options, connection: client.connection });
    this.#conflictToken = raw.conflictToken ?? null;
  }

  override get workflowService(): WorkflowService {
    const service = super.workflowService;
    const updateSchedule = async (request: UpdateRequest) =>
      service.updateSchedule({ ...request, conflictToken: this.#conflictToken });
    return new Proxy(service, {
      get: (target, name): unknown =>
        name === 'updateSchedule' ? updateSchedule : Reflect.get(target, name, target),
    });
  }
}
