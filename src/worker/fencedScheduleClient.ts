import {
  ScheduleClient,
  type Client,
  type ScheduleDescription,
  type WorkflowService,
} from '@temporalio/client';

type UpdateRequest = Parameters<WorkflowService['updateSchedule']>[0];

/**
 * A client whose update of a schedule takes effect only if the schedule has not changed since its description. The SDK
 * (1.24.0) describes and then updates without the server's conflict token, so it overwrites a pause in between. Each
 * update needs its own client.
 *
 * A server may drop an update that comes too late and still report success, as 1.29 does. So describe the schedule
 * again to see whether the update took effect.
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
