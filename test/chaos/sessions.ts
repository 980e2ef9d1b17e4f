import { decodeJwt } from 'jose';
import type { Client, User } from '../e2e/client';

/** Longer than a client waits for one outcome, with its tries and its hold. Access tokens live for 15 minutes. */
const LEFT_MS = 300_000;

/** Gives a user with tokens that live for some minutes. While the service is away, these are the tokens of before. */
export type LoggedIn = (user: User) => Promise<User>;

export function createSessions(client: Client): LoggedIn {
  /** The latest session of each user that has logged in again. */
  const sessions = new Map<string, User>();
  return async (user) => {
    const session = sessions.get(user.userId) ?? user;
    const { exp = 0 } = decodeJwt(session.accessToken);
    if (exp * 1_000 > Date.now() + LEFT_MS) return session;
    const again = await client.logIn(user.id, user.password).catch(() => session);
    sessions.set(user.userId, again);
    return again;
  };
}
