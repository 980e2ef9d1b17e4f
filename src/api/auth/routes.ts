import type { RateLimits } from '../../redis/rateLimits';
import { endpoint, type Endpoint } from '../http/endpoint';
import { enforceKeyedLimit } from '../http/rateLimit';
import type { AdmissionService } from '../queue/admission';
import type { Accounts } from './accounts';
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

/** Tokens are for one reader (RFC 6749, 5.1). */
const SECRET = { 'Cache-Control': 'no-store' };

export interface AuthRoutesDependencies {
  accounts: Accounts;
  sessions: Sessions;
  admission: AdmissionService;
  limits: RateLimits;
}

export function authRoutes({ accounts, sessions, admission, limits }: AuthRoutesDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/users',
      summary: 'Sign up',
      description: 'The id is 3 to 64 letters, digits and `. _ @ + -`; case does not matter.',
      tags: ['Accounts'],
      access: 'public',
      rateLimit: 'sign-up',
      body: signUpSchema,
      responses: { 201: { description: 'The new account', schema: accountSchema } },
      problems: ['id-taken'],
      async handle({ body }) {
        const { id, password, name } = body;
        const user = await accounts.create({ login: id, password, name, role: 'USER' });
        return { status: 201, body: { userId: user.userId, id: user.login, name: user.name } };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/login',
      summary: 'Log in',
      description: "Also enters the service's waiting room; the queue token is the place there.",
      tags: ['Accounts'],
      access: 'public',
      rateLimit: 'login-address',
      body: loginSchema,
      responses: { 200: { description: 'The tokens', schema: loginAnswerSchema } },
      problems: ['invalid-credentials'],
      async handle({ body, http }) {
        const account = `${body.id}|${http.ip}`;
        await enforceKeyedLimit(limits, 'login-account', account);
        const user = await accounts.authenticate(body.id, body.password);
        const [pair, ticket] = await Promise.all([
          sessions.open(user),
          admission.enterAtLogin(user.userId),
          limits.reset('login-account', account),
        ]);
        return { status: 200, headers: SECRET, body: { ...pair, ...ticket } };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/refresh',
      summary: 'Exchange a refresh token for a new pair',
      description: 'Each refresh token is for one use. A second use ends the session for everyone in it.',
      tags: ['Accounts'],
      access: 'public',
      body: refreshSchema,
      responses: { 200: { description: 'The new pair', schema: tokenPairSchema } },
      problems: ['invalid-refresh-token'],
      async handle({ body }) {
        return { status: 200, headers: SECRET, body: await sessions.refresh(body.refreshToken) };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/auth/logout',
      summary: 'Log out',
      description:
        "Ends the session and gives up the place in the service's waiting room. An access token that is out " +
        'already works until it expires.',
      tags: ['Accounts'],
      access: 'user',
      responses: { 204: { description: 'Logged out' } },
      async handle({ user }) {
        await sessions.close(user.sessionId);
        await admission.leave(user.userId);
        return { status: 204 };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/staff',
      summary: 'Create an account for staff',
      tags: ['Operators'],
      access: 'operator',
      body: newStaffSchema,
      responses: { 201: { description: 'The new account', schema: staffSchema } },
      problems: ['id-taken'],
      async handle({ body }) {
        const { id, password, role } = body;
        const user = await accounts.create({ login: id, password, role });
        return { status: 201, body: { userId: user.userId, id: user.login, role } };
      },
    }),
  ];
}
