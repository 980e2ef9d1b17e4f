import { PDFiumLibrary } from '@hyzyla/pdfium';
import { Resvg } from '@resvg/resvg-js';
import { decodeQR } from 'qr/decode.js';

/** About as many pixels as a camera sees of a QR that fills its picture. */
const PICTURE_WIDTH = 600;

/** Pixels for a point: about 200 dpi, as a scanner reads paper. */
const SCALE = 3;

/** Renders an SVG as a browser does, and reads the QR code in it as a scanner does. */
export function readQrSvg(svg: string): string {
  const { width, height, pixels } = new Resvg(svg, {
    fitTo: { mode: 'width', value: PICTURE_WIDTH },
  }).render();
  return decodeQR({ width, height, data: pixels });
}

export interface PrintedTicket {
  pages: number;
  /** The text of the first page, with white space reduced. */
  text: string;
  /** What a scanner reads from the rendered page. */
  qr: string;
}

export async function readTicketPdf(pdf: Uint8Array): Promise<PrintedTicket> {
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(pdf);
  try {
    const page = document.getPage(0);
    // Before the rendering, because that closes the page.
    const text = page.getText().replaceAll(/\s+/g, ' ');
    const { width, height, data } = await page.render({ scale: SCALE, render: 'bitmap' });
    const qr = decodeQR({ width, height, data }, { format: 'BGRA' });
    return { pages: document.getPageCount(), text, qr };
  } finally {
    document.destroy();
    library.destroy();
  }
}
