import type { Access, Caller } from '../http/endpoint';

/**
 * Finds out who calls.
 *
 * @param authorization the header of that name
 * @returns undefined on a public endpoint
 * @throws {Problem} unauthenticated, or forbidden where the role is too low
 */
export type Authenticate = (access: Access, authorization: string | undefined) => Promise<Caller | undefined>;
