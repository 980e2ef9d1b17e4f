import { encodeQR } from 'qr';

/** ISO/IEC 18004, 5.3.8: the light margin that readers need. */
const QUIET_ZONE = 4;

/** A QR symbol as vectors. */
export interface QrPicture {
  /** Modules along a side, the quiet zone included. */
  size: number;
  /** The dark modules as an SVG path; one unit is one module. */
  path: string;
}

/** Uses error correction M: 15 % of the code may be creased or dirty. */
export function drawQr(code: string): QrPicture {
  const modules = encodeQR(code, 'raw', { ecc: 'medium', border: QUIET_ZONE });
  return { size: modules.length, path: modules.map(drawRow).join('') };
}

/** Draws a white background of its own, so that the code can be read on any background. */
export function drawQrSvg(code: string): string {
  const { size, path } = drawQr(code);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/><path d="${path}"/></svg>`
  );
}

/** One rectangle for each run of dark modules: single ones would show seams between them. */
function drawRow(row: readonly boolean[], y: number): string {
  const runs = [
    ...row
      .map((dark) => (dark ? '#' : ' '))
      .join('')
      .matchAll(/#+/g),
  ];
  return runs.map(({ index: x, 0: run }) => `M${x} ${y}h${run.length}v1h-${run.length}z`).join('');
}
