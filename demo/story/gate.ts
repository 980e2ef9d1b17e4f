import { admittedSchema, ticketSchema } from '../../src/api/tickets/schema';
import { hireGateKeeper } from './gateStaff';
import type { Person } from './exchange';
import { expectProblem, expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';
import type { Teller } from './teller';

/** The evening of the show: the code of a ticket, and two gates that scan it at the same time. */
export async function tellGate(
  service: Service,
  teller: Teller,
  visit: { by: Person; ticketId: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  const { by, ticketId, env } = visit;
  teller.chapter('At the gate');
  teller.say(
    `Each seat has a ticket with a signed code, as a QR code and as a PDF: /v1/tickets/${ticketId}/ticket.pdf`,
  );
  const { qr } = await service.ask(
    { method: 'GET', path: `/v1/tickets/${ticketId}`, by },
    { status: 200, body: ticketSchema },
  );

  const gateKeeper = await hireGateKeeper(service, env);
  if (!gateKeeper) {
    teller.say(
      'SKIPPED: the demo has no operator account. Set OPERATOR_PASSWORD or DATA_DIR to see the check-in.',
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
    'Two gates scan the same code at the same moment. One gate admits. The other returns where and when the\n' +
      'ticket was used. Staff can check in only around the start of the show, so the demo uses an operator.',
  );
  const scans = await Promise.all(
    ['North', 'South'].map(async (gate) =>
      service.send({ method: 'POST', path: '/v1/check-ins', by: gateKeeper, body: { qr, gate } }),
    ),
  );
  for (const scan of scans) teller.exchange(scan);
  const [admitted, refused] = scans.toSorted((a, b) => a.status - b.status);
  if (!admitted || !refused) throw new StoryFailure('there was no scan at the gate');
  expectStatus(admitted, 200);
  admittedSchema.parse(admitted.body);
  expectProblem(refused, 409, 'ticket-already-used');
}
