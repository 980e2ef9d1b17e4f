import { z } from 'zod';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { asPerson, loginCall } from './people';
import { expectStatus, type Service } from './service';
import type { Teller } from './teller';

const overview = z.looseObject({
  status: z.string(),
  ledger: z.array(z.object({ kind: z.string(), account: z.string(), amount: z.int() })),
  timeline: z.array(z.object({ at: z.string(), what: z.string() })),
  workflow: z.object({ workflowId: z.string(), url: z.url() }),
});

/** What an operator sees: the reservation's workflow and, if the password is known, the operators' page. */
export async function tellOperator(
  service: Service,
  teller: Teller,
  reservationId: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  teller.chapter('What the operator sees');
  const password = env['OPERATOR_PASSWORD'];
  if (!password) {
    teller.say("Mina's reservation is a finished workflow in the Temporal UI:");
    teller.note(
      linkTo(reservationId, env),
      'If OPERATOR_PASSWORD is set, the demo also shows the ledger of the reservation.',
    );
    return;
  }
  const login = await service.send(loginCall('operator', password));
  expectStatus(login, 200);
  teller.say("Mina's reservation with its ledger, its timeline, and its workflow in the Temporal UI.");
  const path = `/v1/admin/reservations/${reservationId}`;
  const { timeline, ledger } = await service.ask(
    { method: 'GET', path, by: asPerson('the operator', 'operator', login.body) },
    { status: 200, body: overview, show: ({ status, workflow }) => ({ status, workflow }) },
  );
  teller.note('Timeline:', ...timeline.map(({ at, what }) => `  ${at}  ${what}`));
  teller.note(
    'Ledger (every journal sums to zero):',
    ...ledger.map(
      ({ kind, account, amount }) => `  ${kind.padEnd(15)} ${String(amount).padStart(9)}  ${account}`,
    ),
  );
}

function linkTo(reservationId: string, env: NodeJS.ProcessEnv): string {
  const ui = env['TEMPORAL_UI_URL'] || `http://127.0.0.1:${env['TEMPORAL_UI_PORT'] || 8233}`;
  const namespace = env['TEMPORAL_NAMESPACE'] || 'default';
  return new URL(`/namespaces/${namespace}/workflows/${reservationWorkflowId(reservationId)}`, ui).href;
}
