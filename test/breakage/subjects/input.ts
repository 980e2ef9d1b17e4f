import type { Breakage } from '../breakage';

const ENDPOINT = 'src/api/http/endpoint.ts';
const EVERY_ROUTE = 'test/api/edge/everyRoute.test.ts';

export const INPUT_BREAKAGES: Breakage[] = [
  {
    name: 'a body with text that Postgres cannot store is accepted',
    edits: [
      {
        file: ENDPOINT,
        find: 'if (isText) ofBody.add(...findUnstorable(input.body));',
        replace: '',
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route whose method has a body rejects NUL in any text and in any field name, and reports its path',
    ],
  },
  {
    name: 'half of a surrogate pair counts as text',
    edits: [
      {
        file: 'src/domain/storableText.ts',
        find: String.raw`/[\0\p{Surrogate}]/u`,
        replace: String.raw`/\0/`,
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route whose method has a body rejects half of a surrogate pair in any text and in any field name, and reports its path',
      'every route rejects half of a surrogate pair in each query parameter that it declares',
    ],
  },
  {
    name: 'a query or a path with text that Postgres cannot store is accepted',
    edits: [
      {
        file: ENDPOINT,
        find: 'validation.add(...findUnstorable(input.params), ...findUnstorable(input.query));',
        replace: '',
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route rejects NUL in each query parameter that it declares',
      'every route rejects NUL in each parameter of its path',
    ],
  },
  {
    name: 'a login queries Postgres for an id that Postgres cannot store',
    edits: [
      {
        file: 'src/api/accounts/accounts.ts',
        find: '[login, password].every(isStorable) ? await users.findByLogin(login) : null',
        replace: 'await users.findByLogin(login)',
      },
    ],
    suite: 'test/api/accounts/accounts.test.ts',
    tests: ['logging in responds to NUL in the id as to a wrong password'],
  },
  {
    name: 'an undeclared query parameter is ignored',
    edits: [{ file: ENDPOINT, find: 'if (!parameters.has(path))', replace: 'if (path.length > 255)' }],
    suite: EVERY_ROUTE,
    tests: ['every route rejects a query parameter that it does not declare'],
  },
  {
    name: 'an undeclared body is ignored',
    edits: [{ file: ENDPOINT, find: 'if (!body) ofBody.parse(NO_BODY, input.body);', replace: '' }],
    suite: EVERY_ROUTE,
    tests: ['every route whose method has a body rejects a field that it does not declare'],
  },
  {
    name: 'a GET with a body is accepted',
    edits: [
      {
        file: 'src/api/http/body.ts',
        find: 'if (!hasBody(ctx.req.headers)) return isRaw',
        replace: 'if (!hasBody(ctx.req.headers) || !takesBody(method)) return isRaw',
      },
    ],
    suite: EVERY_ROUTE,
    tests: ['every route whose method has no body rejects the body {}'],
  },
  {
    name: 'a lane answers a request that has a body',
    edits: [
      { file: 'src/api/edge/lanes.ts', find: 'hasBody(request.headers) ? [] : lanes', replace: 'lanes' },
    ],
    suite: 'test/api/edge/lanes.test.ts',
    tests: ['a lane around the framework leaves a request with an unexpected body to the endpoint'],
  },
  {
    name: 'a used key is not recognised if its second body is not valid',
    edits: [{ file: ENDPOINT, find: 'await effects?.refuseUsedKey();', replace: 'await undefined;' }],
    suite: 'test/api/idempotency/posts.test.ts',
    tests: ['an invalid body is a different body for a key that was used before'],
  },
  {
    name: 'an endpoint may forget the key of its effect',
    edits: [{ file: ENDPOINT, find: 'if (effects && !effects.wasUsed())', replace: 'if (!effects)' }],
    suite: 'test/api/http/effects.test.ts',
    tests: ['an endpoint that forgets to run its effect under the key is a fault of the code (once)'],
  },
  {
    name: 'ids are compared only in lower case',
    edits: [
      {
        file: 'src/domain/accounts/caseFolding.ts',
        find: 'return character.toLowerCase().toUpperCase().toLowerCase();',
        replace: 'return character.toLowerCase();',
      },
    ],
    suite: 'test/domain/accounts/login.test.ts',
    tests: ['the stored form of an id is the same with a sharp s'],
  },
  {
    name: 'a cache may store personal responses',
    edits: [
      {
        file: 'src/api/http/answer.ts',
        find: "return access !== 'public' || method !== 'GET';",
        replace: "return access === 'operator' && method === 'PUT';",
      },
    ],
    suite: 'test/api/accounts/accounts.test.ts',
    tests: ['logging in responds with every token and the place in the queue'],
  },
  {
    name: 'the strong ETag is the same for each encoding',
    edits: [
      {
        file: 'src/api/catalogue/seatMapAnswer.ts',
        find: "return encoding === 'identity' ?",
        replace: "return encoding !== 'br' || version > 0 ?",
      },
    ],
    suite: 'test/api/catalogue/seats.test.ts',
    tests: [
      'the ETag of a seat map differs by encoding, and a client that has any of them gets 304 with the same ETag',
    ],
  },
  {
    name: 'a refusal for a client without a login leaves a row behind',
    edits: [
      {
        file: 'src/api/idempotency/idempotency.ts',
        find: "if ('problem' in outcome && request.userId === undefined) await keys.forget(scope);",
        replace: "if ('problem' in outcome && request.userId === null) await keys.forget(scope);",
      },
    ],
    suite: 'test/api/accounts/repeats.test.ts',
    tests: [
      'a rejected request of a client that is not logged in leaves no row, and its key stays free: a refresh',
      'a rejected request of a client that is not logged in leaves no row, and its key stays free: a sign-up',
    ],
  },
  {
    name: 'declined cards are not counted',
    edits: [
      { file: 'src/api/payments/cardTries.ts', find: 'if (tellsOfCard(error)) {', replace: 'if (!error) {' },
    ],
    suite: 'test/api/payments/cardTries.test.ts',
    tests: [
      'charges that fail are limited for a user, before the next card is charged',
      'charges that fail are limited for an address, however many accounts it uses',
    ],
  },
  {
    name: 'every user of the machine may read the book of the sandbox',
    edits: [{ file: 'sandbox/book.ts', find: 'chmodSync(directory, 0o700);', replace: '' }],
    suite: 'test/sandbox/book.test.ts',
    tests: ['a book is readable only by its user, even if others could read it before'],
  },
  {
    name: 'nothing delays a client that guesses a password',
    edits: [
      {
        file: 'src/api/accounts/loginPace.ts',
        find: 'const ofOwn = own < free ?',
        replace: 'const ofOwn = own >= 0 ?',
      },
    ],
    suite: 'test/api/accounts/loginPace.test.ts',
    tests: [
      'the delay before a password is checked after 8 tries from the same network is 8000 ms, and the right password is accepted',
    ],
  },
  {
    name: 'many guesses at once are faster than one after another',
    edits: [
      {
        file: 'src/redis/accounts/beginLogin.lua',
        find: "if own >= free and not redis.call('SET', turn, turnId, 'NX', 'PX', turnMs) then return false end",
        replace: '',
      },
    ],
    suite: 'test/redis/accounts/loginTries.test.ts',
    tests: [
      'tries to log in take turns after the free tries, separately for each network',
      'tries to log in count from their start, so that only a few of many parallel tries are free',
    ],
  },
  {
    name: 'common passwords are accepted',
    edits: [
      {
        file: 'src/domain/accounts/passwordRules.ts',
        find: "if (COMMON.has(text)) return 'One of the most common passwords';",
        replace: '',
      },
    ],
    suite: 'test/domain/accounts/passwordRules.test.ts',
    tests: ['a new password is not common: password1'],
  },
  {
    name: 'an access token works after its session has ended',
    edits: [
      {
        file: 'src/api/accounts/accessTokens.ts',
        find: "if (blockedSessions.has(sid)) throw new Problem('unauthenticated', 'The session has been ended.');",
        replace: '',
      },
    ],
    suite: 'test/api/accounts/accountControl.test.ts',
    tests: [
      'changing the password ends every other session within a minute, and keeps this one',
      'an account with a new role loses its old rights within a minute if the role is lower',
    ],
  },
  {
    name: 'a login opens its session although the password was changed in the meantime',
    edits: [
      {
        file: 'src/db/accounts/refreshTokenStore.ts',
        find: 'AND password_hash = :passwordHash AND disabled_at IS NULL FOR SHARE',
        replace: 'AND :passwordHash::text IS NOT NULL FOR SHARE',
      },
    ],
    suite: 'test/api/accounts/accountControl.test.ts',
    tests: [
      'a login that began before the password was changed opens no session after it',
      'a disabled account opens no session for a login that began before it was disabled',
    ],
  },
  {
    name: 'an account is not disabled',
    edits: [
      {
        file: 'src/db/accounts/userStore.ts',
        find: 'disabled_at: after.disabled ? (row.disabled_at ?? new Date()) : null',
        replace: 'disabled_at: null',
      },
    ],
    suite: 'test/api/accounts/accountControl.test.ts',
    tests: [
      'a disabled account loses its sessions within a minute, and cannot log in or refresh until it is enabled',
    ],
  },
  {
    name: 'any user may choose an id that looks like that of an operator',
    edits: [
      {
        file: 'src/api/accounts/accounts.ts',
        find: 'skeletonOf(login) === skeleton',
        replace: 'login === user.login',
      },
    ],
    suite: 'test/api/accounts/accountControl.test.ts',
    tests: [
      'an id that looks like the id of another account is rejected as taken if that account is the operator or has the role OPERATOR',
    ],
  },
];
