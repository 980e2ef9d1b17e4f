import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { DateTime } from 'luxon';
import PdfDocument from 'pdfkit';
import { drawQr } from './qrPicture';

/** What stands on a printed ticket. */
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
  /** What the QR says. */
  code: string;
}

/** One page of PDF, A5 landscape: half a sheet of A4. */
export type PrintTicket = (ticket: TicketPaper) => Promise<Buffer>;

/**
 * Gothic A1 has every Hangul syllable, kana, and Latin, Greek and Cyrillic with their accents. What it lacks, such
 * as Hanja and emoji, is an empty box on paper.
 */
const FONTS = {
  regular: require.resolve('@expo-google-fonts/gothic-a1/400Regular/GothicA1_400Regular.ttf'),
  bold: require.resolve('@expo-google-fonts/gothic-a1/700Bold/GothicA1_700Bold.ttf'),
};

/** In points, 1/72 inch. The QR is 7 cm wide: a module of version 11 is a millimetre. */
const MARGIN = 34;
const QR_SIDE = 198;
const TEXT_WIDTH = 305;
const LABEL_WIDTH = 84;
const SEAT_TOP = 300;
const ORDER_TOP = 362;
const GREY = '#666666';

const SMALL_PRINT =
  '처음 확인된 한 장만 입장할 수 있습니다. 코드를 공유하지 마세요.\n' +
  'Only the first scan is admitted. Keep the code to yourself.';

/** Reads the fonts, once for all tickets. */
export async function createTicketPrinter(): Promise<PrintTicket> {
  const [regular, bold] = await Promise.all([readFile(FONTS.regular), readFile(FONTS.bold)]);
  return async (ticket) => {
    const page = new PdfDocument({
      size: 'A5',
      layout: 'landscape',
      margin: MARGIN,
      lang: 'ko',
      info: { Title: ticket.title, Creator: 'Holdfast' },
    });
    page.registerFont('regular', regular).registerFont('bold', bold);
    drawShow(page, ticket);
    drawSeat(page, ticket);
    drawCode(page, ticket);
    page.end();
    return buffer(page);
  };
}

/** Every text has a height, and ends in an ellipsis where it would pass it: a ticket is always one page. */
function drawShow(page: PDFKit.PDFDocument, ticket: TicketPaper): void {
  const { title, artist } = ticket;
  page.font('bold', 24).text(title, { width: TEXT_WIDTH, height: 92, ellipsis: true }).moveDown(0.2);
  page.font('regular', 14).text(artist, { width: TEXT_WIDTH, height: 34, ellipsis: true }).moveDown(0.8);
  for (const [label, value] of fieldsOf(ticket)) {
    const top = page.y;
    drawLabel(page, label, MARGIN, top + 2.5);
    const width = TEXT_WIDTH - LABEL_WIDTH;
    page.font('bold', 11).text(value, MARGIN + LABEL_WIDTH, top, { width, height: 28, ellipsis: true });
    page.moveDown(0.4);
  }
}

function drawSeat(page: PDFKit.PDFDocument, { seat, reservationId }: TicketPaper): void {
  const cells: [label: string, value: string, width: number][] = [
    ['구역 Zone', seat.zone, 125],
    ['열 Row', seat.row, 60],
    ['번호 No.', seat.number, 60],
    ['등급 Grade', seat.grade, 60],
  ];
  let left = MARGIN;
  for (const [label, value, width] of cells) {
    drawLabel(page, label, left, SEAT_TOP);
    const box = { width: width - 6, height: 40, ellipsis: true };
    page.font('bold', 14).text(value, left, SEAT_TOP + 13, box);
    left += width;
  }
  drawLabel(page, '예매 번호 Order', MARGIN, ORDER_TOP);
  page.font('bold', 9).text(reservationId, MARGIN + LABEL_WIDTH, ORDER_TOP, { lineBreak: false });
}

function drawCode(page: PDFKit.PDFDocument, { code, ticketId, version }: TicketPaper): void {
  const left = page.page.width - MARGIN - QR_SIDE;
  const { size, path } = drawQr(code);
  page
    .save()
    .translate(left, MARGIN)
    .scale(QR_SIDE / size)
    .path(path)
    .fill('black')
    .restore();
  const words = `${ticketId} / ${version}\n${SMALL_PRINT}`;
  page.font('regular', 7).fillColor(GREY);
  page.text(words, left, MARGIN + QR_SIDE + 8, { width: QR_SIDE, height: 80, lineGap: 2, align: 'center' });
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

function drawLabel(page: PDFKit.PDFDocument, label: string, x: number, y: number): void {
  page.font('regular', 9).fillColor(GREY).text(label, x, y, { lineBreak: false }).fillColor('black');
}
