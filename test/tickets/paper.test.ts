import { randomUUID } from 'node:crypto';
import { createTicketPrinter, type PrintTicket, type TicketPaper } from '../../src/tickets/paper';
import { drawQrSvg } from '../../src/tickets/qrPicture';
import { readQrSvg, readTicketPdf } from '../support/ticketReader';

let print: PrintTicket;

beforeAll(async () => {
  print = await createTicketPrinter();
});

/** As long as a code is. */
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

describe('a QR as a picture', () => {
  it('is read back by a decoder', () => {
    expect(readQrSvg(drawQrSvg(CODE))).toBe(CODE);
  });

  it('has a white ground and quiet zone of its own', () => {
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
  ])('tells the time as it is at the venue, in %s', async (timeZone, time) => {
    const { text } = await readTicketPdf(await print(aTicket({ timeZone })));
    expect(text).toContain(time);
  });

  it('has a QR that is read off the rendered page', async () => {
    expect((await readTicketPdf(await print(aTicket()))).qr).toBe(CODE);
  });

  it('stays one page with the longest names, and cuts them', async () => {
    const long = '아주 긴 이름 '.repeat(28).slice(0, 200);
    const seat = { zone: long, row: long, number: long, grade: long };
    const pdf = await print(aTicket({ title: long, artist: long, venueName: long, holder: long, seat }));
    const { pages, text, qr } = await readTicketPdf(pdf);
    expect({ pages, qr }).toEqual({ pages: 1, qr: CODE });
    expect(text).toContain('…');
  });

  it('is made of words that the font lacks as well', async () => {
    const { pages } = await readTicketPdf(await print(aTicket({ title: '漢字 😀' })));
    expect(pages).toBe(1);
  });
});
