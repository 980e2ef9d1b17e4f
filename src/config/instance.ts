import { z } from 'zod';

/** A header on the responses of `/healthz` and `/readyz`. If a process has an instance name, it reports it here. */
export const INSTANCE_HEADER = 'X-Holdfast-Instance';

/**
 * The program that starts a process chooses the name. So it does not mistake another process on the same port for its
 * own.
 */
export const instance = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'up to 64 letters, digits, - and _')
  .optional();

export function instanceHeaders(settings: {
  HOLDFAST_INSTANCE?: string | undefined;
}): Record<string, string> {
  return settings.HOLDFAST_INSTANCE === undefined ? {} : { [INSTANCE_HEADER]: settings.HOLDFAST_INSTANCE };
}
