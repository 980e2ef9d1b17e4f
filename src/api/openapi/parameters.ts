import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Endpoint } from '../http/endpoint';
import { IDEMPOTENCY_KEY } from '../http/requestHeaders';

const idempotencyKey = z
  .string()
  .regex(IDEMPOTENCY_KEY)
  .optional()
  .describe('The same key with the same body gives the same response and only one effect');

const queueToken = z.string().optional().describe('The queue token, if it is not in the body');

/** The parameters that an endpoint takes in addition to its body. */
export function parameters(endpoint: Endpoint): Pick<ZodOpenApiOperationObject, 'requestParams'> {
  const header = z.object({
    ...(endpoint.effect && { 'Idempotency-Key': idempotencyKey }),
    ...(endpoint.queueToken && { 'X-Queue-Token': queueToken }),
  });
  return {
    requestParams: {
      ...(endpoint.params && { path: endpoint.params }),
      ...(endpoint.query && { query: endpoint.query }),
      ...(Object.keys(header.shape).length > 0 && { header }),
    },
  };
}
