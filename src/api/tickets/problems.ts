import type { CountedScan } from '../../db/ticketStore';
import { Problem } from '../../domain/problems';

export function ticketVoid(): Problem {
  return new Problem('ticket-void', 'The ticket was cancelled, or issued anew.');
}

export function ticketAlreadyUsed({ usedAt, gate }: Pick<CountedScan, 'usedAt' | 'gate'>): Problem {
  return new Problem('ticket-already-used', 'Somebody was admitted with this ticket.', {
    usedAt: usedAt.toISOString(),
    gate,
  });
}
