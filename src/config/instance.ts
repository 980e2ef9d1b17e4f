import { z } from 'zod';

/** On the answers of `/healthz` and `/readyz`: a process that was told its instance says which one it is. */
export const INSTANCE_HEADER = 'X-Holdfast-Instance';

/** The starter of a process chooses it, so that the answers of another one on the same port are not taken for its. */
export const instance = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'up to 64 letters, digits, - and _')
  .optional();

export function instanceHeaders(settings: {
  HOLDFAST_INSTANCE?: string | undefined;
}): Record<string, string> {
  return settings.HOLDFAST_INSTANCE === undefined ? {} : { [INSTANCE_HEADER]: settings.HOLDFAST_INSTANCE };
}
