import { admittedSchema, ticketSchema } from '../../src/api/tickets/schema';
import { hireGateKeeper } from './gateStaff';
import type { Person } from './exchange';
import { expectProblem, expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** The evening of the show: a ticket's code, and two gates that read it at once. */
export async function tellGate(
  service: Service,
  teller: Teller,
  visit: { by: Person; ticketId: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  const { by, ticketId, env } = visit;
  teller.chapter('At the gate');
  teller.say(
    `Each seat has a ticket with a signed code, as a QR and on paper: /v1/tickets/${ticketId}/ticket.pdf`,
  );
  const { qr } = await service.ask(
    { method: 'GET', path: `/v1/tickets/${ticketId}`, by },
    { status: 200, body: ticketSchema },
  );

  const gateKeeper = await hireGateKeeper(service, env);
  if (!gateKeeper) {
    teller.say(
      'SKIPPED: nobody is at the gate. Set OPERATOR_PASSWORD, or DATA_DIR, to see the ticket checked in.',
    );
    return;
  }
  try {
    await tellTwoGates(service, teller, gateKeeper.person, qr);
  } finally {
    await gateKeeper.leave();
  }
}

async function tellTwoGates(service: Service, teller: Teller, gateKeeper: Person, qr: string): Promise<void> {
  teller.say(
    'The same code is shown at two gates at the same moment. One admits; the other says where and when. Staff could do\n' +
      'so only around the start of the show, so an operator does.',
  );
  const scans = await Promise.all(
    ['North', 'South'].map(async (gate) =>
      service.send({ method: 'POST', path: '/v1/check-ins', by: gateKeeper, body: { qr, gate } }),
    ),
  );
  for (const scan of scans) teller.exchange(scan);
  const [admitted, refused] = scans.toSorted((a, b) => a.status - b.status);
  if (!admitted || !refused) throw new StoryFailure('nobody was at the gate');
  expectStatus(admitted, 200);
  admittedSchema.parse(admitted.body);
  expectProblem(refused, 409, 'ticket-already-used');
}
