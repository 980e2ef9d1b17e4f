import type { Breakage } from '../breakage';

const ENDPOINT = 'src/api/http/endpoint.ts';
const EVERY_ROUTE = 'test/api/http/everyRoute.test.ts';

export const INPUT_BREAKAGES: Breakage[] = [
  {
    name: 'text that Postgres cannot store gets into a body',
    edits: [
      {
        file: ENDPOINT,
        find: 'if (!description.anyText) ofBody.add(...findUnstorable(input.body));',
        replace: '',
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route whose method has bodies refuses NUL in any text and in the name of any field, at its path',
    ],
  },
  {
    name: 'half of a surrogate pair passes for text',
    edits: [
      {
        file: 'src/domain/storableText.ts',
        find: String.raw`/[\0\p{Surrogate}]/u`,
        replace: String.raw`/\0/`,
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route whose method has bodies refuses half of a surrogate pair in any text and in the name of any field, at its path',
      'every route refuses half of a surrogate pair in each query parameter that it declares',
    ],
  },
  {
    name: 'text that Postgres cannot store gets into a query and a path',
    edits: [
      {
        file: ENDPOINT,
        find: 'validation.add(...findUnstorable(input.params), ...findUnstorable(input.query));',
        replace: '',
      },
    ],
    suite: EVERY_ROUTE,
    tests: [
      'every route refuses NUL in each query parameter that it declares',
      'every route refuses NUL in each parameter of its path',
    ],
  },
  {
    name: 'a login asks Postgres for an id that it cannot store',
    edits: [
      {
        file: 'src/api/auth/accounts.ts',
        find: '[login, password].every(isStorable) ? await users.findByLogin(login) : null',
        replace: 'await users.findByLogin(login)',
      },
    ],
    suite: 'test/api/auth/accounts.test.ts',
    tests: ['logging in answers NUL in the id as a wrong password'],
  },
  {
    name: 'a query parameter that nobody declares is ignored',
    edits: [{ file: ENDPOINT, find: 'if (!parameters.has(path))', replace: 'if (path.length > 255)' }],
    suite: EVERY_ROUTE,
    tests: ['every route refuses a query parameter that it does not declare'],
  },
  {
    name: 'a body that nobody declares is ignored',
    edits: [{ file: ENDPOINT, find: 'if (!body) ofBody.parse(NO_BODY, input.body);', replace: '' }],
    suite: EVERY_ROUTE,
    tests: ['every route whose method has bodies refuses a field that it does not declare'],
  },
  {
    name: 'a GET with a body is answered',
    edits: [
      {
        file: 'src/api/http/body.ts',
        find: 'if (!hasBody(ctx.req.headers)) return {};',
        replace: 'if (!hasBody(ctx.req.headers) || !takesBody(method)) return {};',
      },
    ],
    suite: EVERY_ROUTE,
    tests: ['every route whose method has no body refuses the body {}'],
  },
  {
    name: 'a lane answers a request with a body',
    edits: [
      { file: 'src/api/http/lanes.ts', find: 'hasBody(request.headers) ? [] : lanes', replace: 'lanes' },
    ],
    suite: 'test/api/http/lanes.test.ts',
    tests: ['a lane around the framework leaves a body that nobody reads to the endpoint'],
  },
  {
    name: 'a key is not known for its first body where the second is not valid',
    edits: [
      { file: ENDPOINT, find: 'await input.refuseUsedKey(idempotencyKey);', replace: 'await undefined;' },
    ],
    suite: 'test/api/idempotency/posts.test.ts',
    tests: ['a body that is not valid is another one than that which its key was used with before'],
  },
  {
    name: 'ids are compared in lower case alone',
    edits: [
      {
        file: 'src/domain/login.ts',
        find: 'return character.toLowerCase().toUpperCase().toLowerCase();',
        replace: 'return character.toLowerCase();',
      },
    ],
    suite: 'test/domain/login.test.ts',
    tests: ['the stored form of an id is the same with a sharp s'],
  },
];
