import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { ScheduleFacts } from '../../db/catalogue/scheduleStore';
import type { SeatDrawing } from '../../db/catalogue/seatStore';
import type { Grade } from '../../domain/catalogue/seatingPlan/grades';

/** In the order in which the service prefers them. */
export const ENCODINGS = ['br', 'gzip', 'identity'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** One version of a seat map. */
export interface SeatMap {
  version: number;
  /** One letter for each seat (see SeatStore.statuses). */
  statuses: string;
  seatIds: readonly string[];
  /** The body. It is written and compressed once, on first use. A client that has the version already needs no body. */
  encoded(encoding: Encoding): Promise<Buffer>;
}

/** The part of the JSON of a seat map that never changes. */
export interface SeatMapTemplate {
  seats: number;
  fill(version: number, statuses: string): SeatMap;
}

/** The status that each letter of SeatStore.statuses stands for. */
export const STATUS_NAMES: ReadonlyMap<string, string> = new Map([
  ['A', 'AVAILABLE'],
  ['H', 'HELD'],
  ['S', 'SOLD'],
  ['B', 'BLOCKED'],
]);

/** The text between the constant part of one seat and the constant part of the next. */
const STATUS_ENDS: ReadonlyMap<string, Buffer> = new Map(
  [...STATUS_NAMES].map(([letter, status]) => [letter, Buffer.from(`${status}"},`)]),
);

// The levels are cheap, because a busy sale compresses the map several times a second.
export const compress = {
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 4,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  gzip: (body: Buffer) => promisify(gzip)(body, { level: 4 }),
  identity: (body: Buffer) => Promise.resolve(body),
} satisfies Record<Encoding, (body: Buffer) => Promise<Buffer>>;

/**
 * Serialises everything except the statuses once, as bytes. 15,000 seats are about 2 MB. A new version then only copies
 * these bytes instead of writing them again.
 */
export function createSeatMapTemplate(
  schedule: ScheduleFacts,
  grades: readonly Grade[],
  drawings: readonly SeatDrawing[],
): SeatMapTemplate {
  const prices = new Map(grades.map(({ grade, price }) => [grade, price]));
  const { scheduleId, currency, bookingFee } = schedule;
  const head = JSON.stringify({ scheduleId, currency, bookingFee, grades }).slice(0, -1);
  const pieces = drawings.map(({ accessible, ...seat }) => {
    const fixed = {
      ...seat,
      ...(accessible && { accessible }),
      price: prices.get(seat.grade) ?? 0,
      status: '',
    };
    return Buffer.from(JSON.stringify(fixed).slice(0, -'"}'.length));
  });
  const seatIds = drawings.map((seat) => seat.seatId);
  const constant = Buffer.concat(pieces);
  const ends = Uint32Array.from(endsOf(pieces));
  const longestStatus = Math.max(...[...STATUS_ENDS.values()].map((end) => end.length));

  function write(version: number, statuses: string): Buffer {
    const opening = Buffer.from(`${head},"version":${version},"seats":[`);
    const body = Buffer.allocUnsafe(opening.length + constant.length + drawings.length * longestStatus + 2);
    let at = opening.copy(body);
    let from = 0;
    ends.forEach((to, seat) => {
      at += constant.copy(body, at, from, to);
      at += statusEnd(statuses, seat).copy(body, at);
      from = to;
    });
    // The end replaces the comma after the last seat.
    if (drawings.length > 0) at -= 1;
    at += body.write(']}', at);
    return body.subarray(0, at);
  }

  return {
    seats: drawings.length,
    fill(version, statuses) {
      let body: Buffer | undefined;
      const made = new Map<Encoding, Promise<Buffer>>();
      return {
        version,
        statuses,
        seatIds,
        async encoded(encoding) {
          body ??= write(version, statuses);
          const known = made.get(encoding) ?? compress[encoding](body);
          made.set(encoding, known);
          return known;
        },
      };
    },
  };
}

function statusEnd(statuses: string, seat: number): Buffer {
  const end = STATUS_ENDS.get(statuses.charAt(seat));
  if (!end) throw new Error(`seat ${seat} has no status`);
  return end;
}

function endsOf(pieces: readonly Buffer[]): number[] {
  let end = 0;
  return pieces.map((piece) => (end += piece.length));
}
