import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

/** Tests make things fail on purpose: Temporal's own warnings about that are not worth a reader's time. */
export function installQuietTemporal(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}
