import type { CountedScan } from '../../db/tickets/ticketStore';
import { Problem } from '../../domain/problems';

export function ticketVoid(): Problem {
  return new Problem('ticket-void', 'The ticket was cancelled, or issued again.');
}

export function checkInNotOpen({ opensAt, closesAt }: { opensAt: Date; closesAt: Date }): Problem {
  return new Problem('check-in-not-open', 'Staff admit to this show only around its start.', {
    opensAt: opensAt.toISOString(),
    closesAt: closesAt.toISOString(),
  });
}

export function ticketAlreadyUsed({ usedAt, gate }: Pick<CountedScan, 'usedAt' | 'gate'>): Problem {
  return new Problem('ticket-already-used', 'A visitor was already admitted with this ticket.', {
    usedAt: usedAt.toISOString(),
    gate,
  });
}
