import type { HallText } from '../../../domain/catalogue/seatingPlan/hallText';
import type { VenueReading } from './readVenueBytes';

const NEWLINE = 0x0a;

/**
 * A reading as lines of JSON. The texts for the database are lines of their own, so that the service passes them on
 * without parsing them.
 */
export function* packReading(reading: VenueReading): Iterable<Buffer | string> {
  const { hall, ...head } = reading.kind === 'venue' ? reading : { ...reading, hall: undefined };
  yield `${JSON.stringify(head)}\n`;
  if (!hall) return;
  for (const text of [hall.plan, hall.drawing, ...hall.seats]) {
    yield text;
    yield '\n';
  }
}

/** @param lines as {@link packReading} writes them */
export function unpackReading(lines: Buffer): VenueReading {
  const [head, plan, drawing, ...seats] = split(lines);
  if (!head) throw new Error('a venue was read, and nothing came of it');
  // Written by this file, in a process of ours.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const reading = JSON.parse(head.toString()) as Exclude<VenueReading, { kind: 'venue' }> | VenueHead;
  if (reading.kind !== 'venue') return reading;
  if (!plan || !drawing) throw new Error('the reading of a venue has ended early');
  return { ...reading, hall: { plan, drawing, seats } };
}

type VenueHead = Omit<Extract<VenueReading, { kind: 'venue' }>, 'hall'> & { hall?: HallText };

function split(lines: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; ;) {
    const to = lines.indexOf(NEWLINE, from);
    if (to < 0) return found;
    found.push(lines.subarray(from, to));
    from = to + 1;
  }
}
