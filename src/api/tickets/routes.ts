import type { IssuedTicket } from '../../db/tickets/ticketStore';
import { Problem } from '../../domain/problems';
import { drawQrSvg } from './paper/qrPicture';
import { signTicketCode } from './code/sign';
import type { ApiDependencies } from '../dependencies';
import { endpoint, type Endpoint } from '../http/endpoint';
import { presentTicket } from './presenter';
import { ticketAlreadyUsed, ticketVoid } from './problems';
import { ticketParams, ticketSchema } from './schema';

const tags = ['Tickets'];

/** The endpoints for the buyer of a ticket. */
export function ticketRoutes({
  stores: { tickets },
  ticketKeys,
  printTicket,
}: Pick<ApiDependencies, 'stores' | 'ticketKeys' | 'printTicket'>): Endpoint[] {
  /** The ticket of another user does not seem to exist (OWASP API1). @throws {Problem} ticket-not-found */
  const findOwn = async (userId: string, ticketId: string): Promise<IssuedTicket> => {
    const ticket = await tickets.find(ticketId);
    if (ticket?.userId === userId) return ticket;
    throw new Problem('ticket-not-found', 'You have no ticket with this id.');
  };

  /** For a ticket that is shown at a gate. @throws {Problem} ticket-not-found, ticket-void */
  const findOwnToShow = async (userId: string, ticketId: string): Promise<IssuedTicket> => {
    const ticket = await findOwn(userId, ticketId);
    if (ticket.status === 'VOID') throw ticketVoid();
    return ticket;
  };

  const codeOf = async ({ ticketId, version, show: { scheduleId } }: IssuedTicket): Promise<string> =>
    signTicketCode({ ticketId, scheduleId, version }, ticketKeys.signer());

  return [
    endpoint({
      method: 'GET',
      path: '/v1/tickets/{ticketId}',
      summary: 'Read a ticket with its code',
      tags,
      access: 'user',
      params: ticketParams,
      responses: { 200: { description: 'The ticket', schema: ticketSchema } },
      problems: ['ticket-not-found'],
      async handle({ user, params: { ticketId } }) {
        const ticket = await findOwn(user.userId, ticketId);
        return { status: 200, body: presentTicket(ticket, await codeOf(ticket)) };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/tickets/{ticketId}/qr.svg',
      summary: "Draw a ticket's code",
      tags,
      access: 'user',
      params: ticketParams,
      responses: { 200: { description: 'A QR', contentType: 'image/svg+xml' } },
      problems: ['ticket-not-found', 'ticket-void'],
      async handle({ user, params: { ticketId } }) {
        const ticket = await findOwnToShow(user.userId, ticketId);
        return { status: 200, body: drawQrSvg(await codeOf(ticket)) };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/v1/tickets/{ticketId}/ticket.pdf',
      summary: 'Print a ticket',
      description: 'One page, A5 landscape.',
      tags,
      access: 'user',
      rateLimit: 'ticket-paper',
      params: ticketParams,
      responses: {
        200: {
          description: 'The page',
          contentType: 'application/pdf',
          headers: { 'Content-Disposition': 'With a name for the file' },
        },
      },
      problems: ['ticket-not-found', 'ticket-void'],
      async handle({ user, params: { ticketId } }) {
        const ticket = await findOwnToShow(user.userId, ticketId);
        const { reservationId, version, seat, show, holder } = ticket;
        const code = await codeOf(ticket);
        const page = await printTicket({ ticketId, reservationId, version, seat, ...show, holder, code });
        const name = `inline; filename="ticket-${ticketId}.pdf"`;
        return { status: 200, headers: { 'Content-Disposition': name }, body: page };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/v1/tickets/{ticketId}/reissue',
      summary: 'Issue a ticket again',
      description:
        'For a ticket that was lost or copied. From now on, its earlier codes are void at the gate.',
      tags,
      access: 'user',
      effect: 'transaction',
      params: ticketParams,
      responses: { 200: { description: 'The ticket with its new code', schema: ticketSchema } },
      problems: ['ticket-not-found', 'ticket-already-used', 'ticket-void'],
      async handle({ user: { userId }, params: { ticketId }, transact }) {
        const ticket = await findOwn(userId, ticketId);
        // For a repeat, only the version is recorded, because no table may contain a code.
        const { status, body } = await transact(() => async (tx) => {
          const version = await tx.tickets.reissue(ticketId);
          if (version === null) throw whyNot(await findOwn(userId, ticketId));
          return { status: 200 as const, body: { version } };
        });
        const reissued = { ...ticket, status: 'VALID' as const, version: body.version };
        return { status, body: presentTicket(reissued, await codeOf(reissued)) };
      },
    }),
  ];
}

function whyNot({ usedAt, usedGate }: IssuedTicket): Problem {
  return usedAt && usedGate !== null ? ticketAlreadyUsed({ usedAt, gate: usedGate }) : ticketVoid();
}
