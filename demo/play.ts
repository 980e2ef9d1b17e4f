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

/** Holds up to this long are waited for on the service itself. */
const WATCHABLE_SECONDS = 20;

/** The whole story takes some 20 s; a machine that needs longer than this is stuck. */
const LONGEST_STORY_MS = 3 * 60_000;

/**
 * `npm run demo`: plays the four flows of the sequence diagrams against the running service, then a payment that
 * settles, a cancellation with its fee and a check-in, and checks every answer. Exit code 1 with one line where the story goes differently.
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
    isComplete ? 'The end: every answer was as it should be.' : 'The end, but for the expired hold.',
  );
}

async function expectService(service: Service): Promise<void> {
  const answer = await service.send({ method: 'GET', path: '/readyz' }).catch(() => null);
  if (answer?.status === 200) return;
  const how = answer ? `is not ready (${answer.status})` : 'does not answer';
  throw new StoryFailure(
    `Holdfast ${how} at ${service.url}: start it with npm start in another terminal, or set DEMO_URL`,
  );
}

/** @returns false where the service's holds are too long to wait for, and no others can be had */
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
    teller.say(`SKIPPED: holds last ${holdSeconds} s here, too long to watch, and ${api.why}.`);
    teller.note('To see one end, set DATA_DIR, or start the service with HOLD_SECONDS=10.');
    return false;
  }
  try {
    teller.say(
      `Holds last ${holdSeconds} s here. So that one can be seen to end, a second API with shorter ones joins for\n` +
        `a moment: ${api.url}, on the same Postgres, Redis and Temporal; the worker is the same.`,
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
