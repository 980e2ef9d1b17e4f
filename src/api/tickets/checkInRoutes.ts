import { errors, type JWTVerifyGetKey } from 'jose';
import { Problem } from '../../domain/problems';
import { verifyTicketCode } from './code/verify';
import type { KeyRing } from '../accounts/keyRing';
import type { ApiDependencies } from '../dependencies';
import { endpoint, type Endpoint } from '../http/endpoint';
import { presentAdmitted } from './presenter';
import { checkInNotOpen, ticketAlreadyUsed, ticketVoid } from './problems';
import { admittedSchema, checkInBody } from './schema';

/** The endpoints for staff at a gate. */
export function checkInRoutes({
  settings,
  ticketKeys,
}: Pick<ApiDependencies, 'settings' | 'ticketKeys'>): Endpoint[] {
  const keys = keysOf(ticketKeys);
  const hours = { before: settings.CHECK_IN_HOURS_BEFORE, after: settings.CHECK_IN_HOURS_AFTER };
  return [
    endpoint({
      method: 'POST',
      path: '/v1/check-ins',
      summary: 'Admit with a ticket',
      description:
        'Admits once for each ticket, at however many gates its code is shown. Send a new `Idempotency-Key` with ' +
        'each scan. If a response was lost, send the same scan with its key again: it is admitted again. A gate ' +
        'without a network uploads its scans later, each with `scannedAt` and `deviceId`. The earliest scan of a ' +
        'ticket counts, in whatever order the scans arrive. Staff admit around the start of a show, and only to ' +
        'the venues and schedules that they are assigned to, if any. Operators admit always and everywhere.',
      tags: ['Tickets'],
      access: 'staff',
      rateLimit: 'check-in',
      effect: 'transaction',
      body: checkInBody,
      responses: { 200: { description: 'Let the visitor in', schema: admittedSchema } },
      problems: ['ticket-invalid', 'ticket-already-used', 'ticket-void', 'check-in-not-open'],
      async handle({ user: { userId, role }, body, transact }) {
        const { qr, gate, scheduleId, scannedAt, deviceId } = body;
        const offline = scannedAt && deviceId !== undefined ? { scannedAt, deviceId } : undefined;
        return transact(async () => {
          const code = await verifyTicketCode(qr, keys, { scheduleId });
          if (code.outcome === 'wrong-show') throw ticketInvalid('The ticket is for another show.');
          if (code.outcome === 'invalid') throw ticketInvalid('This is not the code of a ticket.');
          const { ticketId, version } = code;
          return async ({ tickets }) => {
            const bounds = role === 'OPERATOR' ? {} : { hours };
            const scan = { ticketId, version, staffId: userId, gate, offline, ...bounds };
            const result = await tickets.checkIn(scan);
            if (result.outcome === 'unknown') throw ticketInvalid('No ticket has this code.');
            if (result.outcome === 'elsewhere') throw ticketInvalid('You may not admit to this show.');
            if (result.outcome === 'not-open') throw checkInNotOpen(result);
            if (result.outcome === 'void') throw ticketVoid();
            if (result.outcome === 'already-used') throw ticketAlreadyUsed(result.first);
            return { status: 200 as const, body: presentAdmitted(ticketId, result) };
          };
        });
      },
    }),
  ];
}

function ticketInvalid(detail: string): Problem {
  return new Problem('ticket-invalid', detail);
}

/** The ring, in the form in which jose asks for keys. */
function keysOf(ring: KeyRing): JWTVerifyGetKey {
  return async ({ kid }) => {
    const key = kid === undefined ? null : await ring.verifier(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}
