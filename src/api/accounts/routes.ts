import type { Knex } from 'knex';
import { createStaffAssignmentStore } from '../../db/accounts/staffAssignmentStore';
import { createUserStore } from '../../db/accounts/userStore';
import { endpoint, type Endpoint } from '../http/endpoint';
import type { Idempotency } from '../idempotency/idempotency';
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
  sessionsIn: (db: Knex) => Sessions;
  db: Knex;
  idempotency: Idempotency;
  admission: AdmissionService;
  loginPace: LoginPace;
}

export function authRoutes(dependencies: AuthRoutesDependencies): Endpoint[] {
  const { accounts, sessionsIn, db, idempotency, admission, loginPace } = dependencies;
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
      idempotent: true,
      body: signUpSchema,
      responses: { 201: { description: 'The new account', schema: accountSchema } },
      problems: ['id-taken'],
      async handle({ body, keyed }) {
        const { id, password, name } = body;
        const request = { ...keyed, secret: 'password' as const };
        return idempotency.transact(request, async () => {
          const user = await accounts.draft({ login: id, password, name, role: 'USER' });
          return async (connection) => {
            await accounts.add(createUserStore(connection), user);
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
      idempotent: true,
      anyText: 'Text that cannot be an id or a password gets the same response as a wrong one.',
      body: loginSchema,
      responses: { 200: { description: 'The tokens', schema: loginAnswerSchema } },
      problems: ['invalid-credentials', 'account-disabled'],
      async handle({ body, http, keyed }) {
        const request = { ...keyed, secret: 'password' as const };
        return loginPace.check({ login: body.id, network: http.network, closed: http.closed }, async () =>
          idempotency.transact(request, async () => {
            const user = await accounts.authenticate(body.id, body.password);
            const ticket = await admission.enterAtLogin(user.userId);
            return async (connection) => {
              const pair = await sessionsIn(connection).open(user);
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
      idempotent: true,
      body: refreshSchema,
      responses: { 200: { description: 'The new pair', schema: tokenPairSchema } },
      problems: ['invalid-refresh-token'],
      async handle({ body, keyed }) {
        const request = { ...keyed, secret: 'token' as const };
        const answer = await idempotency.transact(request, () => async (connection) => ({
          status: 200 as const,
          body: await sessionsIn(connection).refresh(body.refreshToken),
        }));
        return answer;
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
      idempotent: true,
      responses: { 204: { description: 'Logged out' } },
      async handle({ user: { userId, sessionId }, keyed }) {
        // A key belongs to one session. Another session of the same user logs out with its own request.
        const request = { ...keyed, route: `${keyed.route} of ${sessionId}` };
        return idempotency.run(request, async () => {
          await sessionsIn(db).close(sessionId);
          await admission.leave(userId);
          return { status: 204 as const };
        });
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
      idempotent: true,
      body: newStaffSchema,
      responses: { 201: { description: 'The new account', schema: staffSchema } },
      problems: ['id-taken', 'venue-not-found', 'schedule-not-found'],
      async handle({ body, keyed }) {
        const { id, password, role, ...assignments } = body;
        const request = { ...keyed, secret: 'password' as const };
        return idempotency.transact(request, async () => {
          const user = await accounts.draft({ login: id, password, role });
          return async (connection) => {
            await connection.transaction(async (tx) => {
              await accounts.add(createUserStore(tx), user);
              await createStaffAssignmentStore(tx).replace(user.userId, assignments);
            });
            return { status: 201 as const, body: { userId: user.userId, id: user.login, role } };
          };
        });
      },
    }),
  ];
}
