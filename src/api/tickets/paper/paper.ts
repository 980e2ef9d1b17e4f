import { buffer } from 'node:stream/consumers';
import { DateTime } from 'luxon';
import PdfDocument from 'pdfkit';
import { MISSING, readPaperFonts } from './paperFonts';
import { createPaperText, type PaperText, type Style } from './paperText';
import { drawQr } from './qrPicture';
import { LABEL, layOutSeat, type Cell } from './seatCells';

/** The content of a printed ticket. */
export interface TicketPaper {
  ticketId: string;
  reservationId: string;
  version: number;
  title: string;
  artist: string;
  venueName: string;
  startsAt: Date;
  /** IANA name of the venue's time zone. */
  timeZone: string;
  seat: { zone: string; row: string; number: string; grade: string };
  holder: string;
  /** The text of the QR. */
  code: string;
}

/** One page of PDF, A5 landscape: half a sheet of A4. */
export type PrintTicket = (ticket: TicketPaper) => Promise<Buffer>;

/** In points, 1/72 inch. The QR is 7 cm wide: a module of version 11 is a millimetre. */
const MARGIN = 34;
const QR_SIDE = 198;
const TEXT_WIDTH = 305;
const LABEL_WIDTH = 84;
const GAP = 10;
const GREY = '#666666';

/** The height of the seat, in points. A seat with long names may take more of the page, and the show less. */
const SEAT_HEIGHT = 180;

const NOTE: Style = { weight: 'regular', size: 7 };
const ORDER: Style = { weight: 'bold', size: 9 };

const SMALL_PRINT =
  '처음 확인된 한 장만 입장할 수 있습니다. 코드를 공유하지 마세요.\n' +
  'Only the first scan is admitted. Keep the code to yourself.';

/** The note on a ticket with a name that cannot be printed. */
const NOT_PRINTED =
  `${MISSING}: 이 종이에 인쇄할 수 없는 글자입니다. 전체 이름은 예매한 계정의 티켓에 있습니다. ` +
  `${MISSING} is a character that cannot be printed here. The ticket in the account that bought it has the whole name.`;

/** Reads the fonts, once for all tickets. */
export async function createTicketPrinter(): Promise<PrintTicket> {
  const fonts = await readPaperFonts();
  return async (ticket) => {
    const page = new PdfDocument({
      size: 'A5',
      layout: 'landscape',
      margin: MARGIN,
      lang: 'ko',
      info: { Title: ticket.title, Creator: 'Holdfast' },
    });
    const text = createPaperText(page, fonts);
    drawShow(text, ticket, { top: MARGIN, bottom: drawSeat(page, text, ticket) - GAP });
    drawCode(page, text, ticket);
    page.end();
    return buffer(page);
  };
}

/** Draws the seat from the bottom of the page upwards, so that it has all the room that it needs. @returns its top */
function drawSeat(page: PDFKit.PDFDocument, text: PaperText, ticket: TicketPaper): number {
  const { seat, reservationId } = ticket;
  let bottom = page.page.height - MARGIN;
  if (isIncomplete(text, ticket)) {
    const lines = text.wrap(NOT_PRINTED, NOTE, TEXT_WIDTH);
    bottom -= text.heightOf(lines, NOTE);
    text.draw(lines, NOTE, { x: MARGIN, y: bottom, color: GREY });
  }
  bottom -= 15;
  drawLabelled(text, { label: '예매 번호 Order', value: reservationId }, ORDER, bottom);
  const cells: Cell[] = [
    { label: '구역 Zone', value: seat.zone },
    { label: '열 Row', value: seat.row },
    { label: '번호 No.', value: seat.number },
    { label: '등급 Grade', value: seat.grade },
  ];
  const named = cells.filter(({ value }) => value.trim() !== '');
  const block = layOutSeat(text, named, TEXT_WIDTH, SEAT_HEIGHT);
  const top = bottom - GAP - block.height;
  for (const { label, lines, x, y } of block.cells) {
    const below = text.draw([text.measure(label, LABEL)], LABEL, { x: MARGIN + x, y: top + y, color: GREY });
    text.draw(lines, block.style, { x: MARGIN + x, y: below });
  }
  return top;
}

/** Sizes and numbers of lines. The first looks best; the last fits beside a seat with the longest names. */
const SHOW_LAYOUTS = [
  { scale: 1, title: 3, artist: 2, field: 2 },
  { scale: 0.8, title: 3, artist: 2, field: 2 },
  { scale: 0.65, title: 3, artist: 2, field: 2 },
  { scale: 0.65, title: 2, artist: 1, field: 1 },
  { scale: 0.5, title: 1, artist: 1, field: 1 },
];

/** Fills the room that the seat leaves; a long title ends in an ellipsis. */
function drawShow(
  text: PaperText,
  ticket: TicketPaper,
  { top, bottom }: { top: number; bottom: number },
): void {
  const layouts = SHOW_LAYOUTS.map((layout) => layOutShow(text, ticket, layout));
  const show = layouts.find(({ height }) => height <= bottom - top) ?? layouts.at(-1);
  let y = top;
  for (const part of show?.parts ?? []) {
    if (part.label) {
      text.draw([text.measure(part.label, LABEL)], LABEL, { x: MARGIN, y, color: GREY });
    }
    y = text.draw(part.lines, part.style, { x: MARGIN + part.indent, y }) + part.gap;
  }
}

function layOutShow(
  text: PaperText,
  ticket: TicketPaper,
  { scale, title, artist, field }: (typeof SHOW_LAYOUTS)[number],
) {
  const part = (value: string, style: Style, most: number, { gap = 4, label = '' } = {}) => {
    const indent = label === '' ? 0 : LABEL_WIDTH;
    const lines = text.wrapWithin(value, style, TEXT_WIDTH - indent, most);
    return { lines, style, label, indent, gap };
  };
  const parts = [
    part(ticket.title, { weight: 'bold', size: 24 * scale }, title),
    part(ticket.artist, { weight: 'regular', size: 14 * scale }, artist, { gap: 12 * scale }),
    ...fieldsOf(ticket).map(([label, value]) =>
      part(value, { weight: 'bold', size: Math.max(7, 11 * scale) }, field, { label }),
    ),
  ];
  const height = parts.reduce((sum, { lines, style, gap }) => sum + text.heightOf(lines, style) + gap, 0);
  return { parts, height };
}

function drawCode(page: PDFKit.PDFDocument, text: PaperText, { code, ticketId, version }: TicketPaper): void {
  const left = page.page.width - MARGIN - QR_SIDE;
  const { size, path } = drawQr(code);
  page
    .save()
    .translate(left, MARGIN)
    .scale(QR_SIDE / size)
    .path(path)
    .fill('black')
    .restore();
  let y = MARGIN + QR_SIDE + 8;
  for (const words of [`${ticketId} / ${version}`, ...SMALL_PRINT.split('\n')]) {
    for (const line of text.wrap(words, NOTE, QR_SIDE)) {
      y = text.draw([line], NOTE, { x: left + (QR_SIDE - line.width) / 2, y, color: GREY }) + 2;
    }
  }
}

function drawLabelled(text: PaperText, { label, value }: Cell, style: Style, y: number): void {
  text.draw([text.measure(label, LABEL)], LABEL, { x: MARGIN, y, color: GREY });
  text.draw([text.measure(value, style)], style, { x: MARGIN + LABEL_WIDTH, y });
}

/** Whether a character of the names on the ticket is in none of the fonts. */
function isIncomplete(text: PaperText, { title, artist, venueName, holder, seat }: TicketPaper): boolean {
  const names = [title, artist, venueName, holder, seat.zone, seat.row, seat.number, seat.grade].join(' ');
  if (names.includes(MISSING)) return false;
  return text.measure(names, NOTE).runs.some((run) => run.text.includes(MISSING));
}

function fieldsOf(ticket: TicketPaper): [label: string, value: string][] {
  const { startsAt, timeZone, venueName, holder } = ticket;
  const local = DateTime.fromJSDate(startsAt).setZone(timeZone).setLocale('en');
  return [
    ['일시 Date', `${local.toFormat('yyyy-MM-dd (ccc) HH:mm')} ${timeZone}`],
    ['장소 Venue', venueName],
    ['예매자 Name', holder],
  ];
}
