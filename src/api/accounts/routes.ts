import type { Stores } from '../../db/stores';
import { endpoint, type Endpoint } from '../http/endpoint';
import type { AdmissionService } from '../queue/admission';
import type { Accounts } from './accounts';
import type { LoginPace } from './loginPace';
import {
  accountSchema,
  loginAnswerSchema,
  loginSchema,
  newStaffSchema,
  refreshSchema,
  signUpSchema,
  staffSchema,
  tokenPairSchema,
} from './schema';
import type { Sessions } from './sessions';

export interface AuthRoutesDependencies {
  accounts: Accounts;
  /** The sessions, through the pool or within a transaction. */
  sessionsIn: (stores: Stores) => Sessions;
  stores: Stores;
  admission: AdmissionService;
  loginPace: LoginPace;
}

export function authRoutes(dependencies: AuthRoutesDependencies): Endpoint[] {
  const { accounts, sessionsIn, stores, admission, loginPace } = dependencies;
  return [
    endpoint({
      method: 'POST',
      path: '/v1/users',
      summary: 'Sign up',
      description:
        'The id is 3 to 254 characters: letters, marks and digits of any script and `. _ @ + -`, or an e-mail ' +
        'address. Case does not matter.',
      tags: ['Accounts'],
      access: 'public',
      rateLimit: 'sign-up',
      effect: 'transaction',
      secret: 'password',
      body: signUpSchema,
      responses: { 201: { description: 'The new account', schema: accountSchema } },
      problems: ['id-taken'],
      async handle({ body, transact }) {
        const { id, password, name } = body;
        return transact(async () => {
          const user = await accounts.prepare({ login: id, password, name, role: 'USER' });
          return async ({ users }) => {
            await accounts.add(users, user);
            return { status: 201 as const, body: { userId: user.userId, id: user.login, name: user.name } };
          };
        });
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/login',
      summary: 'Log in',
      description: 'Also enters the waiting room of the service. The queue token stands for the place there.',
      tags: ['Accounts'],
      access: 'public',
      rateLimit: 'login-address',
      effect: 'transaction',
      secret: 'password',
      anyText: 'Text that cannot be an id or a password gets the same response as a wrong one.',
      body: loginSchema,
      responses: { 200: { description: 'The tokens', schema: loginAnswerSchema } },
      problems: ['invalid-credentials', 'account-disabled'],
      async handle({ body, http, transact }) {
        return loginPace.check({ login: body.id, network: http.network, closed: http.closed }, async () =>
          transact(async () => {
            const user = await accounts.authenticate(body.id, body.password);
            const ticket = await admission.enterAtLogin(user.userId);
            return async (tx) => {
              const pair = await sessionsIn(tx).open(user);
              return { status: 200 as const, body: { ...pair, ...ticket } };
            };
          }),
        );
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/refresh',
      summary: 'Exchange a refresh token for a new pair',
      description:
        'Each refresh token works once. A second use ends the session for every client that uses it, unless it ' +
        'is the same request again, with the same `Idempotency-Key`.',
      tags: ['Accounts'],
      access: 'public',
      effect: 'transaction',
      secret: 'token',
      body: refreshSchema,
      responses: { 200: { description: 'The new pair', schema: tokenPairSchema } },
      problems: ['invalid-refresh-token'],
      async handle({ body, transact }) {
        return transact(() => async (tx) => ({
          status: 200 as const,
          body: await sessionsIn(tx).refresh(body.refreshToken),
        }));
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/logout',
      summary: 'Log out',
      description:
        'Ends the session and gives up the place in the waiting room of the service. An access token that was ' +
        'issued before still works until it expires.',
      tags: ['Accounts'],
      access: 'user',
      effect: 'once',
      responses: { 204: { description: 'Logged out' } },
      async handle({ user: { userId, sessionId }, once }) {
        const logOut = async () => {
          await sessionsIn(stores).close(sessionId);
          await admission.leave(userId);
          return { status: 204 as const };
        };
        // Another session of the same user logs out with its own request.
        return once(logOut, { sessionId });
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/staff',
      summary: 'Create an account for staff',
      description:
        '`venueIds` and `scheduleIds` limit a STAFF account to these venues and schedules. Without them, the ' +
        'account may check in everywhere.',
      tags: ['Operators'],
      access: 'operator',
      effect: 'transaction',
      secret: 'password',
      body: newStaffSchema,
      responses: { 201: { description: 'The new account', schema: staffSchema } },
      problems: ['id-taken', 'venue-not-found', 'schedule-not-found'],
      async handle({ body, transact }) {
        const { id, password, role, ...assignments } = body;
        return transact(async () => {
          const user = await accounts.prepare({ login: id, password, role });
          return async (tx) => {
            await tx.savepoint(async (both) => {
              await accounts.add(both.users, user);
              await both.staffAssignments.replace(user.userId, assignments);
            });
            return { status: 201 as const, body: { userId: user.userId, id: user.login, role } };
          };
        });
      },
    }),
  ];
}
