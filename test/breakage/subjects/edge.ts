import type { Breakage } from '../breakage';

const SERVER = 'src/api/edge/server.ts';
const SHARES = 'src/api/http/shares.ts';
const BODY_BYTES = 'src/api/http/bodyBytes.ts';
const NETWORK = 'src/api/http/clientNetwork.ts';
const ROUTER = 'src/api/edge/router.ts';

const SERVER_TEST = 'test/api/edge/server.test.ts';
const BODIES_TEST = 'test/api/http/bodyBytes.test.ts';
const LIMITS_TEST = 'test/api/edge/rateLimit.test.ts';
const NETWORK_TEST = 'test/api/http/clientNetwork.test.ts';
const WEBHOOKS_TEST = 'test/api/payments/webhooks/webhooks.test.ts';
const CORS_TEST = 'test/api/edge/cors.test.ts';
const LOG_TEST = 'test/api/edge/accessLog.test.ts';

/** What clients may hold, and what the responses show them. */
export const EDGE_BREAKAGES: Breakage[] = [
  {
    name: 'one address may use all connections',
    edits: [{ file: SERVER, find: 'if (open.take(network)) {', replace: 'if (open.taken() < 0) {' }],
    suite: SERVER_TEST,
    tests: [
      'connections are bounded for each address, and other addresses can connect',
      'connections are bounded in all, and new clients can connect when others have left',
    ],
  },
  {
    name: 'all clients together may hold any amount',
    edits: [{ file: SHARES, find: "if (sum + amount > total) return 'none-left';", replace: '' }],
    suite: BODIES_TEST,
    tests: [
      'bodies that have not arrived yet are bounded in all, and more are rejected as temporarily-unavailable',
    ],
  },
  {
    name: 'one client may hold everything',
    edits: [{ file: SHARES, find: "if (has > 0 && has + amount > each) return 'share-used';", replace: '' }],
    suite: BODIES_TEST,
    tests: [
      'bodies that have not arrived yet are bounded for each address, and more are rejected as rate-limited',
    ],
  },
  {
    name: 'the share that a body has taken is never returned',
    edits: [
      {
        file: BODY_BYTES,
        find: "res.once('close', () => underWay.returnShare(network, most));",
        replace: '',
      },
    ],
    suite: BODIES_TEST,
    tests: ['bodies that have not arrived yet no longer count once their clients are gone'],
  },
  {
    name: 'the limits are larger than the heap',
    edits: [
      {
        file: 'src/api/http/bounds.ts',
        find: 'const CONNECTIONS_OF_HEAP = 1 / 2;',
        replace: 'const CONNECTIONS_OF_HEAP = 1;',
      },
    ],
    suite: 'test/api/http/bounds.test.ts',
    tests: ['the bounds for clients leave a quarter of the heap to the service: 512 MB'],
  },
  {
    name: 'one proxy may send any number of requests of one client',
    edits: [
      {
        file: 'src/api/edge/requestShares.ts',
        find: 'const shortage = underWay.take(network);',
        replace: 'const shortage = underWay.take(String(Math.random()));',
      },
    ],
    suite: 'test/api/edge/requestShares.test.ts',
    tests: ['requests under way are bounded for each client, also if all of them come through one proxy'],
  },
  {
    name: 'one account may open any number of event streams',
    edits: [
      {
        file: 'src/api/http/eventStream.ts',
        find: 'const ofAccount = byAccount.take(userId);',
        replace: 'const ofAccount = byAccount.take(String(Math.random()));',
      },
    ],
    suite: 'test/api/http/eventStream.test.ts',
    tests: [
      'too many streams of one account are rejected as rate-limited, and other accounts may open streams',
    ],
  },
  {
    name: 'all requests of one packet start at once',
    edits: [{ file: 'src/api/edge/inTurn.ts', find: 'if (!ahead) {', replace: 'if (!ahead || ahead) {' }],
    suite: SERVER_TEST,
    tests: [
      'pipelined requests on one connection are handled one after the other',
      'pipelined requests on one connection end the connection if there are too many, and leave nothing under way',
    ],
  },
  {
    name: 'an upload continues forever after its refusal',
    edits: [
      {
        file: 'src/api/edge/refusal.ts',
        find: 'setTimeout(() => socket.destroy(), LINGER_MS)',
        replace: 'setTimeout(() => undefined, LINGER_MS)',
      },
    ],
    suite: SERVER_TEST,
    tests: [
      'a body that the server does not read is cut soon after the error response, which the client can read: with a length',
      'a body that the server does not read is cut soon after the error response, which the client can read: in chunks',
    ],
  },
  {
    name: 'late headers are noticed only by the default check of Node',
    edits: [{ file: SERVER, find: 'connectionsCheckingInterval: 1_000,', replace: '' }],
    suite: SERVER_TEST,
    tests: [
      'request headers that never end get 408 soon after the time for headers, before the periodic check of Node',
    ],
  },
  {
    name: 'a request that takes long loses its connection',
    edits: [
      {
        file: 'src/api/edge/server.ts',
        find: 'if (!isWorkedOn(answers.get(socket))) socket.destroy();',
        replace: 'socket.destroy();',
      },
    ],
    suite: 'test/api/edge/server.test.ts',
    tests: ['a connection without traffic stays open while the service works on a request'],
  },
  {
    name: 'a request with two Host headers is accepted',
    edits: [{ file: SERVER, find: 'if (hosts === 1 ||', replace: 'if (hosts >= 1 ||' }],
    suite: SERVER_TEST,
    tests: ['the Host header of a request occurs twice: 400 as a problem'],
  },
  {
    name: 'a request with any number of headers is accepted',
    edits: [
      {
        file: SERVER,
        find: 'if (rawHeaders.length > 2 * MAX_HEADERS) {',
        replace: 'if (rawHeaders.length < 0) {',
      },
    ],
    suite: SERVER_TEST,
    tests: ['request headers get 431 if there are too many'],
  },
  {
    name: 'a response is written in the middle of another one',
    edits: [
      {
        file: SERVER,
        find: 'const isAnswering = answer?.headersSent === true && !answer.writableFinished;',
        replace: 'const isAnswering = !answer;',
      },
    ],
    suite: SERVER_TEST,
    tests: ['bytes that are not HTTP get no response in the middle of another response'],
  },
  {
    name: 'a decompressed body may have any size',
    edits: [{ file: BODY_BYTES, find: 'if (size > limit) throw tooLarge(limit);', replace: '' }],
    suite: BODIES_TEST,
    tests: ['a body that is too large is 413: after decompression'],
  },
  {
    name: 'brotli counts as an encoding that the service can decompress',
    edits: [{ file: BODY_BYTES, find: "new Set(['gzip',", replace: "new Set(['br', 'gzip'," }],
    suite: BODIES_TEST,
    tests: ['a body in an unsupported encoding is 415: brotli'],
  },
  {
    name: 'bad logins are not counted',
    edits: [{ file: ROUTER, find: 'await enforceAddressLimit(ctx, requestLimits);', replace: '' }],
    suite: LIMITS_TEST,
    tests: ['requests that reach no endpoint count against the limit of the address: no login'],
  },
  {
    name: 'requests to unknown paths are not counted',
    edits: [{ file: ROUTER, find: 'await enforceAddressLimit(ctx, limits);', replace: '' }],
    suite: LIMITS_TEST,
    tests: [
      'requests that reach no endpoint count against the limit of the address: an unknown path',
      'requests that reach no endpoint count against the limit of the address: a wrong method',
    ],
  },
  {
    name: 'a request that a lane passes on is counted twice',
    edits: [
      {
        file: 'src/api/edge/rateLimit.ts',
        find: 'states.get(`${name} ${key}`) ?? limits.consume(name, key)',
        replace: 'limits.consume(name, key)',
      },
    ],
    suite: LIMITS_TEST,
    tests: ['a request that a lane passes to its endpoint is counted once'],
  },
  {
    name: 'the header RateLimit names a limit that did not reject the request',
    edits: [
      {
        file: 'src/api/edge/problems.ts',
        find: "if (problem.slug === 'rate-limited') nameLimit(ctx, problem);",
        replace: '',
      },
    ],
    suite: LIMITS_TEST,
    tests: [
      'password guessing is rejected if many tries for one account arrive at once, and other accounts can log in',
    ],
  },
  {
    name: 'an address with another port counts as another client',
    edits: [{ file: NETWORK, find: '?? WITH_PORT.exec(entry)?.[1]', replace: '' }],
    suite: NETWORK_TEST,
    tests: ['one client behind a trusted proxy is counted once however the proxy writes its IPv4 address'],
  },
  {
    name: 'an IPv4 address that is mapped to IPv6 counts as another client',
    edits: [{ file: NETWORK, find: 'ipaddr.process(address)', replace: 'ipaddr.parse(address)' }],
    suite: NETWORK_TEST,
    tests: ['a client is counted by its IPv4 address if a socket shows it as IPv6'],
  },
  {
    name: 'the signature of a webhook covers its text instead of its bytes',
    edits: [
      {
        file: 'src/gateways/sandbox/webhook.ts',
        find: '.update(`${seconds}.`).update(body)',
        replace: ".update(`${seconds}.${Buffer.from(body).toString('utf8')}`)",
      },
    ],
    suite: WEBHOOKS_TEST,
    tests: [
      'the signature of a message is not valid for other bytes that give the same text because they are not UTF-8',
    ],
  },
  {
    name: 'webhooks may be as large as plans',
    edits: [
      {
        file: 'src/api/payments/webhooks/routes.ts',
        find: 'const BODY_LIMIT = 64 * 1024;',
        replace: 'const BODY_LIMIT = 16 * 1024 * 1024;',
      },
    ],
    suite: WEBHOOKS_TEST,
    tests: ['a message that is rejected before it is read is larger than 64 KB'],
  },
  {
    name: 'webhooks are counted like all other requests of their address',
    edits: [{ file: 'src/api/payments/webhooks/routes.ts', find: "rateLimit: 'webhook',", replace: '' }],
    suite: WEBHOOKS_TEST,
    tests: ['messages have their own limit, which does not affect other requests from the address'],
  },
  {
    name: 'pages of every origin may read responses',
    edits: [{ file: 'src/api/edge/cors.ts', find: 'origin: [...origins],', replace: 'origin: true,' }],
    suite: CORS_TEST,
    tests: ['a page of another origin may read nothing: https://evil.example'],
  },
  {
    name: 'a cache uses one response for the pages of all origins',
    edits: [
      {
        file: 'src/api/http/answer.ts',
        find: 'if (vary) ctx.vary(vary);',
        replace: "if (vary) ctx.set('Vary', vary);",
      },
    ],
    suite: CORS_TEST,
    tests: [
      'a page of an origin that CORS_ORIGINS names may read the responses of lanes, and caches keep them apart by origin and encoding',
    ],
  },
  {
    name: 'rejected requests fill the log',
    edits: [
      { file: 'src/config/logSampler.ts', find: 'return count <= LINES;', replace: 'return count > 0;' },
    ],
    suite: LOG_TEST,
    tests: [
      'the log of requests has only a sample of the errors that any client can cause, and the metrics count all of them',
      'the log of requests has only a sample of repeated faults',
    ],
  },
  {
    name: 'long paths fill the log',
    edits: [
      {
        file: 'src/api/edge/accessLog.ts',
        find: 'ctx.path.slice(0, PATH_LENGTH)',
        replace: 'ctx.path',
      },
    ],
    suite: LOG_TEST,
    tests: ['the log of requests cuts a path that is longer than every path of the API'],
  },
  {
    name: 'a log grows forever',
    edits: [{ file: 'src/launcher/processes/logRotation.ts', find: 'truncateSync(file);', replace: '' }],
    suite: 'test/launcher/logRotation.test.ts',
    tests: ['the log of a part is limited together with its older files, while the part keeps writing'],
  },
  {
    name: 'each probe checks every part',
    edits: [
      {
        file: 'src/api/service/health.ts',
        find: 'if (last && Date.now() - last.askedAt < REUSE_MS) return last.readiness;',
        replace: '',
      },
    ],
    suite: 'test/api/service/service.test.ts',
    tests: ['many probes at once check each part once'],
  },
];
