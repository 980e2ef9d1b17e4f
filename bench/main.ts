import { audit } from './audit';
import { startCeiling } from './ceiling/ceiling';
import type { Window } from './closedLoop';
import { describe, reportOf, writeReport, type Rounds } from './report';
import { runCeiling, runPurchases } from './rounds';
import { openSales, openShop, welcomeCustomers } from './shop';
import { startStack, type Stack } from './stack/stack';

const ROUNDS = 3;
/** At once. Fewer leave the machine idle, more only wait longer. */
const USERS = 40;
/** Each may buy 50 times two seats of a schedule; more than the users, as in a real sale. */
const CUSTOMERS = 120;
const WARM_UP: Window = { users: USERS, rampMs: 0, measuredMs: 5_000 };
const WINDOW: Window = { users: USERS, rampMs: 2_000, measuredMs: 10_000 };

const WAYS = [
  { way: 'points and card', bookingFee: 2_000 },
  { way: 'points only', bookingFee: 0 },
];

/** `npm run bench`: about three minutes; see docs/benchmark.md. Exit code 1 where an invariant is broken. */
async function main(): Promise<void> {
  say('Starting a Holdfast of its own ...');
  const stack = await startStack();
  const stopAtOnce = () => void stack.stop().finally(() => process.exit(1));
  process.once('SIGINT', stopAtOnce);
  process.once('SIGTERM', stopAtOnce);
  try {
    const report = await measure(stack);
    say(describe(report));
    say(`\nWritten to ${writeReport(report)}`);
    process.exitCode = report.faults.length === 0 ? 0 : 1;
  } finally {
    await stack.stop();
  }
}

async function measure(stack: Stack) {
  const shop = openShop(stack.apiUrl);
  const ceiling = await startCeiling({
    temporalAddress: stack.temporalAddress,
    taskQueue: 'ceiling',
    temporalPid: stack.pids.Temporal,
  });
  try {
    say(`Opening an arena for sale; ${CUSTOMERS} customers sign up and fill their wallets ...`);
    const sales = await openSales(
      shop,
      WAYS.map(({ bookingFee }) => bookingFee),
    );
    const ways = WAYS.flatMap(({ way }, index) => (sales[index] ? [{ way, sale: sales[index] }] : []));
    const crowd = { stack, shop, customers: await welcomeCustomers(shop, CUSTOMERS) };
    const confirmed = new Set<string>();
    const faults: string[] = [];

    say('Warming up ...');
    await runCeiling(ceiling, WARM_UP);
    for (const { sale } of ways) await runPurchases(crowd, sale, WARM_UP, confirmed);

    const rounds: Rounds = {
      ceiling: [],
      purchases: Object.fromEntries(ways.map(({ way }) => [way, []])),
    };
    for (let round = 1; round <= ROUNDS; round += 1) {
      const bare = await runCeiling(ceiling, WINDOW);
      rounds.ceiling.push(bare);
      say(`Round ${round} of ${ROUNDS}: ceiling ${bare.perSecond.toFixed(1)}/s`);
      for (const { way, sale } of ways) {
        const bought = await runPurchases(crowd, sale, WINDOW, confirmed);
        rounds.purchases[way]?.push(bought);
        say(`Round ${round} of ${ROUNDS}: ${way} ${bought.perSecond.toFixed(1)}/s`);
      }
      faults.push(...(await audit(stack, confirmed)).map((fault) => `round ${round}: ${fault}`));
    }
    return await reportOf(stack, USERS, rounds, faults);
  } finally {
    await ceiling.stop();
    await shop.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
