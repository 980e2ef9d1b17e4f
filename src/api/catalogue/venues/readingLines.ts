import type { HallText } from '../../../domain/catalogue/seatingPlan/hallText';
import type { VenueReading } from './readVenueBytes';

const NEWLINE = 0x0a;

/**
 * Writes a reading as lines of JSON. Each text for the database is a line of its own, so that the service can pass it
 * on without parsing it.
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
  if (!head) throw new Error('the process has read a venue and returned nothing');
  // This file has written the text, in a process of this service.
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
