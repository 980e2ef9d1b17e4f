import { tellCancellation } from './story/cancellation';
import { tellCatalogue } from './story/catalogue';
import { tellExpiry } from './story/expiry';
import { tellGate } from './story/gate';
import { tellHolds } from './story/holds';
import { tellOperator } from './story/operator';
import { tellPayments } from './story/payments';
import { createService, type Service } from './story/service';
import { tellSettling } from './story/settling';
import { startShortHoldApi } from './story/shortHolds';
import { tellSignIn } from './story/signIn';
import { StoryFailure } from './story/storyFailure';
import { createTeller, type Teller } from './story/teller';

/** The demo waits for holds up to this long on the service itself. */
const WATCHABLE_SECONDS = 20;

/** The whole story takes about 20 s. If it takes longer than this limit, something is stuck. */
const LONGEST_STORY_MS = 3 * 60_000;

/**
 * `npm run demo`: plays the four flows of the sequence diagrams against the running service. Then it plays a payment
 * that settles, a cancellation with its fee, and a check-in. It checks every response. If a response is not as
 * expected, it prints one line and ends with exit code 1.
 */
async function play(env: NodeJS.ProcessEnv): Promise<void> {
  const teller = createTeller(process.stdout);
  const service = createService(env['DEMO_URL'] || `http://127.0.0.1:${env['PORT'] || 3000}`, teller);
  await expectService(service);

  const mina = await tellSignIn(service, teller);
  const scheduleId = await tellCatalogue(service, teller);
  const holds = await tellHolds(service, teller, mina, scheduleId);
  const paid = await tellPayments(service, teller, holds);
  await tellSettling(service, teller, scheduleId);
  const { reservationId, holdSeconds } = holds[0].reservation;
  const isComplete = await tellExpiredHold(service, teller, { scheduleId, holdSeconds, env });
  await tellCancellation(service, teller, scheduleId);
  const [ticket] = paid.tickets;
  if (ticket) await tellGate(service, teller, { by: mina, ticketId: ticket.ticketId, env });
  await tellOperator(service, teller, reservationId, env);
  teller.say(
    isComplete ? 'The end: every response was as expected.' : 'The end. Only the expired hold was skipped.',
  );
}

async function expectService(service: Service): Promise<void> {
  const answer = await service.send({ method: 'GET', path: '/readyz' }).catch(() => null);
  if (answer?.status === 200) return;
  const how = answer ? `is not ready (${answer.status})` : 'does not respond';
  throw new StoryFailure(
    `Holdfast ${how} at ${service.url}: start it with npm start in another terminal, or set DEMO_URL`,
  );
}

/**
 * @returns false if the holds of the service are too long to wait for, and the demo cannot start an API with shorter
 *   ones
 */
async function tellExpiredHold(
  service: Service,
  teller: Teller,
  story: { scheduleId: string; holdSeconds: number; env: NodeJS.ProcessEnv },
): Promise<boolean> {
  const { scheduleId, holdSeconds, env } = story;
  teller.chapter('A hold that nobody pays');
  if (holdSeconds <= WATCHABLE_SECONDS) {
    await tellExpiry(service, teller, scheduleId);
    return true;
  }
  const api = await startShortHoldApi(service, env);
  if ('why' in api) {
    teller.say(`SKIPPED: holds last ${holdSeconds} s here, which is too long to watch, and ${api.why}.`);
    teller.note('To see a hold end, set DATA_DIR, or start the service with HOLD_SECONDS=10.');
    return false;
  }
  try {
    teller.say(
      `Holds last ${holdSeconds} s here. To show the end of a hold, the demo starts a second API with shorter holds for a\n` +
        `moment: ${api.url}. It uses the same Postgres, Redis, Temporal and worker.`,
    );
    await tellExpiry(createService(api.url, teller), teller, scheduleId);
    return true;
  } finally {
    await api.stop();
  }
}

function fail(error: unknown): never {
  const text = error instanceof StoryFailure ? error.message : String(error);
  process.stderr.write(`\nThe demo failed: ${text}\n`);
  process.exit(1);
}

setTimeout(() => fail(new StoryFailure('it takes too long')), LONGEST_STORY_MS).unref();
play(process.env).catch(fail);
