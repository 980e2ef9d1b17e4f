import type { PaperFonts, Run, Weight } from './paperFonts';

/** How a text is set, in points. */
export interface Style {
  weight: Weight;
  size: number;
}

export interface Line {
  runs: readonly Run[];
  width: number;
}

/** A height that fits all fonts. */
const LINE_HEIGHT = 1.3;

/** The distance between the top of a line and its base line. */
const ASCENT = 1.02;

/** Between words of these scripts, a line may break without a blank. */
const WITHOUT_BLANKS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

export type PaperText = ReturnType<typeof createPaperText>;

/** Sets text of several fonts on a page. */
export function createPaperText(page: PDFKit.PDFDocument, fonts: PaperFonts) {
  const words = new Intl.Segmenter(undefined, { granularity: 'word' });
  const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const measured = new Map<string, Line>();
  fonts.register(page);

  function use(font: string, { weight, size }: Style): PDFKit.PDFDocument {
    return page.font(`${font}-${weight}`, size);
  }

  /** Measures a text once for each weight, because widths grow with the size. */
  function measure(text: string, { weight, size }: Style): Line {
    const key = `${weight} ${text}`;
    const unit = measured.get(key) ?? measureUnit(text, weight);
    measured.set(key, unit);
    return { runs: unit.runs, width: unit.width * size };
  }

  function measureUnit(text: string, weight: Weight): Line {
    const runs = fonts.runsOf(text);
    const style: Style = { weight, size: 1 };
    return { runs, width: runs.reduce((sum, run) => sum + use(run.font, style).widthOfString(run.text), 0) };
  }

  /** The pieces between which a line may break. */
  function piecesOf(text: string): string[] {
    const pieces: string[] = [];
    for (const { segment } of words.segment(text)) {
      const last = pieces.at(-1);
      const breaks =
        last === undefined || isBlank(segment) || isBlank(last) || bothWithoutBlanks(last, segment);
      if (breaks) pieces.push(segment);
      else pieces.push(pieces.pop() + segment);
    }
    return pieces;
  }

  /** Sets every character of a text, in as many lines as that takes. */
  function wrap(text: string, style: Style, width: number): Line[] {
    const wrapped: string[] = [];
    let [line, used] = ['', 0];
    const add = (piece: string): void => {
      const own = measure(piece, style).width;
      if (used + own > width && !isBlank(piece)) {
        if (line.trim() !== '') wrapped.push(line.trim());
        [line, used] = ['', 0];
      }
      if (line === '' && isBlank(piece)) return;
      line += piece;
      used += own;
    };
    for (const piece of piecesOf(text)) {
      if (measure(piece, style).width <= width) add(piece);
      // A piece that is longer than a line breaks anywhere.
      else for (const { segment } of characters.segment(piece)) add(segment);
    }
    if (line.trim() !== '') wrapped.push(line.trim());
    return wrapped.map((one) => measure(one, style));
  }

  /** Like {@link wrap}, but with an ellipsis if the text takes more than `most` lines. */
  function wrapWithin(text: string, style: Style, width: number, most: number): Line[] {
    const whole = wrap(text, style, width);
    if (whole.length <= most) return whole;
    const kept = Array.from(characters.segment(text), ({ segment }) => segment);
    const cut = (length: number): Line[] =>
      wrap(`${kept.slice(0, length).join('').trimEnd()}…`, style, width);
    let [fitting, tooLong] = [0, kept.length];
    while (tooLong - fitting > 1) {
      const half = Math.floor((fitting + tooLong) / 2);
      if (cut(half).length <= most) fitting = half;
      else tooLong = half;
    }
    return cut(fitting);
  }

  return {
    measure,
    wrap,
    wrapWithin,
    heightOf: (set: readonly Line[], { size }: Style): number => set.length * size * LINE_HEIGHT,

    /**
     * @param at the left end of the top of the first line
     * @returns where the next line would begin
     */
    draw(set: readonly Line[], style: Style, at: { x: number; y: number; color?: string }): number {
      let { y } = at;
      for (const line of set) {
        let { x } = at;
        for (const run of line.runs) {
          use(run.font, style)
            .fillColor(at.color ?? 'black')
            .text(run.text, x, y + style.size * ASCENT, { lineBreak: false, baseline: 'alphabetic' });
          x += page.widthOfString(run.text);
        }
        y += style.size * LINE_HEIGHT;
      }
      return y;
    },
  };
}

const isBlank = (text: string): boolean => text.trim() === '';

function bothWithoutBlanks(left: string, right: string): boolean {
  return WITHOUT_BLANKS.test(left.slice(-1)) && WITHOUT_BLANKS.test(right.slice(0, 1));
}
