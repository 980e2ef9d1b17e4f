import { bearer } from '../bare/protocol';
import type { Bench } from '../bench';
import type { Person } from '../generator/protocol';
import { barePids, type PlainTarget } from './plainRequests';

/** A bare Koa route that verifies one EdDSA token and runs one script in Redis. */
export const BARE_ADMISSION = 'bare Koa: one EdDSA token, one EVALSHA';

export const bareAdmission = (bench: Bench, people: readonly Person[]): PlainTarget => ({
  url: bench.bare.url,
  requests: people.map((person) => ({
    method: 'GET',
    path: '/admission',
    headers: { authorization: bearer(person) },
  })),
  expectedStatus: 200,
  pids: barePids(bench),
});
