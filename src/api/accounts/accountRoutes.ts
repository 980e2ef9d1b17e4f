import type { Knex } from 'knex';
import { z } from 'zod';
import type { Logger } from '../../config/logging';
import type { StoredUser } from '../../db/accounts/userStore';
import { inTransaction, type Stores } from '../../db/stores';
import { canonicalLogin } from '../../domain/accounts/login';
import { passwordFault } from '../../domain/accounts/passwordRules';
import { Problem } from '../../domain/problems';
import { includesRole } from '../../domain/accounts/roles';
import { endpoint, type Endpoint } from '../http/endpoint';
import { validationFailed } from '../http/validation';
import type { AdmissionService } from '../queue/admission';
import { wrongCredentials, type Accounts } from './accounts';
import type { LoginPace } from './loginPace';
import { accountChangeSchema, accountParams, accountStateSchema, passwordChangeSchema } from './schema';
import type { Sessions } from './sessions';

export interface AccountRoutesDependencies {
  accounts: Accounts;
  /** The sessions, through the pool or within a transaction. */
  sessionsIn: (stores: Stores) => Sessions;
  db: Knex;
  stores: Stores;
  admission: AdmissionService;
  loginPace: LoginPace;
  logger: Logger;
}

/**
 * The endpoints that change an account after its sign-up. An endpoint that ends sessions takes effect within a minute.
 */
export function accountRoutes(dependencies: AccountRoutesDependencies): Endpoint[] {
  const { accounts, sessionsIn, db, stores, admission, loginPace, logger } = dependencies;
  const { users } = stores;

  /** @throws {Problem} account-not-found */
  async function findAccount(id: string): Promise<StoredUser> {
    const byUserId = z.uuid().safeParse(id).success ? await users.find(id) : null;
    const found = byUserId ?? (await users.findByLogin(canonicalLogin(id)));
    if (!found) throw new Problem('account-not-found', 'No account has this user id or id.');
    return found;
  }

  return [
    endpoint({
      method: 'POST',
      path: '/v1/users/me/password',
      summary: 'Change your password',
      description:
        'Ends every other session of the account within a minute. The session of this request stays open.',
      tags: ['Accounts'],
      access: 'user',
      effect: 'transaction',
      secret: 'password',
      body: passwordChangeSchema,
      responses: { 204: { description: 'Changed' } },
      problems: ['invalid-credentials'],
      async handle({ user: { userId, sessionId }, body, http, transact }) {
        const account = await findAccount(userId);
        const fault = passwordFault(body.newPassword, [account.login, account.name ?? '']);
        if (fault !== null) throw validationFailed([{ path: 'newPassword', message: fault }]);
        return loginPace.check(
          { login: account.login, network: http.network, closed: http.closed },
          async () =>
            transact(async () => {
              const change = await accounts.preparePasswordChange(account, body);
              return async (tx) => {
                // The transaction takes the row of the key first. So a repeated request gets the first response,
                // although its current password is wrong by then.
                const isChanged = change && (await tx.users.changePassword(userId, change));
                if (!isChanged) throw wrongCredentials();
                await sessionsIn(tx).endAll(userId, sessionId);
                return { status: 204 as const };
              };
            }),
        );
      },
    }),

    endpoint({
      method: 'POST',
      path: '/v1/auth/logout-all',
      summary: 'Log out everywhere',
      description:
        'Ends every session of the account: the others within a minute, this one as a logout does. Gives up the ' +
        'place in the waiting room of the service.',
      tags: ['Accounts'],
      access: 'user',
      effect: 'once',
      responses: { 204: { description: 'Logged out everywhere' } },
      async handle({ user: { userId, sessionId }, once }) {
        return once(async () => {
          const sessions = sessionsIn(stores);
          await sessions.endAll(userId, sessionId);
          await sessions.close(sessionId);
          await admission.leave(userId);
          return { status: 204 as const };
        });
      },
    }),

    endpoint({
      method: 'PATCH',
      path: '/v1/admin/accounts/{id}',
      summary: 'Disable or enable an account, or give it another role',
      description:
        'A disabled account, or an account with a lower role, loses its sessions within a minute. Operators ' +
        'cannot change their own account, so at least one operator always remains.',
      tags: ['Operators'],
      access: 'operator',
      params: accountParams,
      body: accountChangeSchema,
      responses: { 200: { description: 'The account as it is now', schema: accountStateSchema } },
      problems: ['account-not-found'],
      async handle({ user, params, body }) {
        const { userId, login, name } = await findAccount(params.id);
        if (userId === user.userId)
          throw new Problem('forbidden', 'Another operator must change your account.');
        const now = await inTransaction(db, async (tx) => {
          const change = await tx.users.change(userId, body);
          if (!change) throw new Problem('account-not-found', 'The account no longer exists.');
          const { before, after } = change;
          if (after.disabled || !includesRole(after.role, before.role)) await sessionsIn(tx).endAll(userId);
          return after;
        });
        logger.info({ userId, by: user.userId, ...now }, 'account changed');
        return { status: 200, body: { userId, id: login, name, ...now } };
      },
    }),
  ];
}
