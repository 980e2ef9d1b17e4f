import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import PdfDocument from 'pdfkit';
import { MISSING, readPaperFonts } from '../../../src/api/tickets/paper/paperFonts';
import { createPaperText } from '../../../src/api/tickets/paper/paperText';
import { layOutSeat } from '../../../src/api/tickets/paper/seatCells';
import { readHall } from '../../domain/catalogue/seatingPlan/readHall';
import {
  createTicketPrinter,
  type PrintTicket,
  type TicketPaper,
} from '../../../src/api/tickets/paper/paper';
import { drawQrSvg } from '../../../src/api/tickets/paper/qrPicture';
import { readQrSvg, readTicketPdf } from '../../support/ticketReader';

let print: PrintTicket;

beforeAll(async () => {
  print = await createTicketPrinter();
});

/** A text of the length of a code. */
const CODE = `${'Aa0-'.repeat(61)}_._`;

const aTicket = (change: Partial<TicketPaper> = {}): TicketPaper => ({
  ticketId: randomUUID(),
  reservationId: randomUUID(),
  version: 1,
  title: '가을밤 콘서트',
  artist: '아이유 & Beyoncé',
  venueName: '올림픽홀',
  startsAt: new Date('2026-10-03T15:30:00Z'),
  timeZone: 'Asia/Seoul',
  seat: { zone: '플로어', row: 'B', number: '112', grade: 'VIP' },
  holder: '김민아',
  code: CODE,
  ...change,
});

/** A name of this length that ends in its own character. */
const long = (start: string, length: number) =>
  `${start}${'아주 긴 이름 '.repeat(28)}`.slice(0, length - 1) + '끝';

describe('a QR as a picture', () => {
  it('is read back by a decoder', () => {
    expect(readQrSvg(drawQrSvg(CODE))).toBe(CODE);
  });

  it('has its own white background and quiet zone', () => {
    expect(drawQrSvg(CODE)).toMatch(/^<svg [^>]+><path fill="#fff" d="M0 0h69v69h-69z"\/><path d="M4 4h7v1/);
  });
});

describe('a ticket on paper', () => {
  it('is one page with the show, the seat, the holder and the order, in Korean and in Latin', async () => {
    const ticket = aTicket();
    const { pages, text } = await readTicketPdf(await print(ticket));
    expect(pages).toBe(1);
    const { title, artist, venueName, holder, reservationId, ticketId } = ticket;
    for (const words of [
      title,
      artist,
      venueName,
      holder,
      reservationId,
      ticketId,
      '플로어',
      'B',
      '112',
      'VIP',
    ]) {
      expect(text).toContain(words);
    }
  });

  it.each([
    ['Asia/Seoul', '2026-10-04 (Sun) 00:30 Asia/Seoul'],
    ['Europe/Berlin', '2026-10-03 (Sat) 17:30 Europe/Berlin'],
  ])('shows the local time of the venue, in %s', async (timeZone, time) => {
    const { text } = await readTicketPdf(await print(aTicket({ timeZone })));
    expect(text).toContain(time);
  });

  it('has a QR that a decoder reads from the rendered page', async () => {
    expect((await readTicketPdf(await print(aTicket()))).qr).toBe(CODE);
  });

  it.each(['english', 'soundcheck', 'table', 'uuid'])(
    'shows everything that distinguishes two seats: %s',
    async (name) => {
      const file = path.join(__dirname, `../../domain/catalogue/seatingPlan/plans/paper-${name}.json`);
      const { hall } = readHall(JSON.parse(readFileSync(file, 'utf8')));
      for (const { zone, row, number, category: grade } of hall.seats) {
        const { text, pages } = await readTicketPdf(
          await print(aTicket({ seat: { zone, row, number, grade } })),
        );
        for (const words of [zone, row, number, grade]) expect(solid(text)).toContain(solid(words));
        expect(text).not.toContain('…');
        expect(pages).toBe(1);
      }
    },
  );

  it('never cuts the names of a seat, and cuts those of the show instead', async () => {
    const seat = { zone: long('z', 100), row: long('r', 200), number: long('n', 200), grade: long('g', 100) };
    const show = {
      title: long('t', 200),
      artist: long('a', 200),
      venueName: long('v', 200),
      holder: long('h', 200),
    };
    const { pages, text, qr } = await readTicketPdf(await print(aTicket({ ...show, seat })));
    expect({ pages, qr }).toEqual({ pages: 1, qr: CODE });
    for (const name of Object.values(seat)) expect(solid(text)).toContain(solid(name));
    expect(text).toContain('…');
  });

  it('breaks a word that is longer than a line', async () => {
    const seat = { zone: 'x'.repeat(99) + '1', row: 'B', number: '1', grade: 'VIP' };
    const { text } = await readTicketPdf(await print(aTicket({ seat })));
    expect(solid(text)).toContain(seat.zone);
  });

  it('leaves room for the show beside a seat with the widest names', async () => {
    const page = new PdfDocument({ size: 'A5', layout: 'landscape' });
    const text = createPaperText(page, await readPaperFonts());
    const cells = [100, 200, 200, 100].map((length) => ({ label: '구역 Zone', value: '席'.repeat(length) }));
    const { cells: placed, height } = layOutSeat(text, cells, 305, 180);
    expect(
      placed.map(({ lines }) => lines.flatMap(({ runs }) => runs.map((run) => run.text)).join('')),
    ).toEqual(cells.map(({ value }) => value));
    for (const { width } of placed.flatMap(({ lines }) => lines)) expect(width).toBeLessThanOrEqual(305);
    // The page is 352 high within its margins. Show, order and note need 136 of it.
    expect(height).toBeLessThan(216);
  });

  it('prints ideographs and Thai in their own fonts', async () => {
    const seat = { zone: '一階席 左扉', row: 'は列', number: 'แถว ก', grade: '特等席 석' };
    const { text } = await readTicketPdf(await print(aTicket({ title: '東京公演', seat })));
    for (const words of ['東京公演', ...Object.values(seat)]) expect(solid(text)).toContain(solid(words));
    expect(text).not.toContain(MISSING);
    expect(text).not.toContain('cannot be printed');
  });

  it.each([
    ['a seat', { seat: { zone: 'المدرج', row: '3', number: '12', grade: 'VIP' } }, MISSING.repeat(6)],
    ['a title', { title: '밤 😀' }, `밤 ${MISSING}`],
  ])('says so if it cannot print %s', async (_, change, shown) => {
    const { pages, text } = await readTicketPdf(await print(aTicket(change)));
    expect(pages).toBe(1);
    expect(text).toContain(shown);
    expect(text).toContain('cannot be printed here');
  });

  it('shows no empty fields', async () => {
    const seat = { zone: 'Floor', row: '', number: '1', grade: 'Standing' };
    const { text } = await readTicketPdf(await print(aTicket({ seat })));
    expect(text).toContain('Zone');
    expect(text).not.toContain('Row');
  });
});

/** The text without white space: a line may end anywhere between two words. */
const solid = (text: string): string => text.replaceAll(/\s/g, '');
