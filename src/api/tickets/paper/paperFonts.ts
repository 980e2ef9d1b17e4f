import { readFile } from 'node:fs/promises';
import { create, type Font } from 'fontkit';

export type Weight = 'regular' | 'bold';

/** A piece of text whose characters are all in one font. */
export interface Run {
  /** The name under which the page knows the font, without its weight. */
  font: string;
  text: string;
}

export interface PaperFonts {
  /** Makes the fonts known to a page as `<font>-<weight>`. A font that the page never uses costs nothing. */
  register(page: PDFKit.PDFDocument): void;
  /** Splits a text by the fonts that have its characters. A character that no font has becomes {@link MISSING}. */
  runsOf(text: string): Run[];
}

/** Stands for a character that no font has. */
export const MISSING = '□';

/**
 * The fonts, in the order in which they are tried. Gothic A1 has every Hangul syllable, kana, and Latin, Greek and
 * Cyrillic with their accents. BIZ UDGothic has the 6,300 ideographs of JIS X 0208, which include most Hanja and
 * traditional Chinese. Scripts that run from right to left need more than a font, so there is none for them.
 */
const FAMILIES = [
  {
    font: 'gothic',
    regular: require.resolve('@expo-google-fonts/gothic-a1/400Regular/GothicA1_400Regular.ttf'),
    bold: require.resolve('@expo-google-fonts/gothic-a1/700Bold/GothicA1_700Bold.ttf'),
  },
  {
    font: 'han',
    regular: require.resolve('@expo-google-fonts/biz-udgothic/400Regular/BIZUDGothic_400Regular.ttf'),
    bold: require.resolve('@expo-google-fonts/biz-udgothic/700Bold/BIZUDGothic_700Bold.ttf'),
  },
  {
    font: 'thai',
    regular: require.resolve('@expo-google-fonts/noto-sans-thai/400Regular/NotoSansThai_400Regular.ttf'),
    bold: require.resolve('@expo-google-fonts/noto-sans-thai/700Bold/NotoSansThai_700Bold.ttf'),
  },
];

interface Family {
  font: string;
  regular: Buffer;
  bold: Buffer;
  has: (codePoint: number) => boolean;
}

/** Marks that change how other characters look, such as the variation selectors of emoji. A font need not have them. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** Reads the fonts, about 14 MB, once for all tickets. Both weights of a family have the same characters. */
export async function readPaperFonts(): Promise<PaperFonts> {
  const families = await Promise.all(FAMILIES.map(readFamily));
  const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

  function fontOf(character: string): string | undefined {
    return families.find(({ has }) => [...codePoints(character)].every(has))?.font;
  }

  return {
    register(page) {
      for (const { font, regular, bold } of families) {
        page.registerFont(`${font}-regular`, regular).registerFont(`${font}-bold`, bold);
      }
    },

    runsOf(text) {
      const runs: Run[] = [];
      for (const { segment } of characters.segment(text.replaceAll(/\s/g, ' '))) {
        const font = fontOf(segment);
        const next: Run = font === undefined ? { font: 'gothic', text: MISSING } : { font, text: segment };
        const last = runs.at(-1);
        if (last?.font === next.font) last.text += next.text;
        else runs.push(next);
      }
      return runs;
    },
  };
}

async function readFamily({ font, regular, bold }: (typeof FAMILIES)[number]): Promise<Family> {
  const [regularFile, boldFile] = await Promise.all([readFile(regular), readFile(bold)]);
  const parsed = create(regularFile);
  if (!isSingle(parsed)) throw new Error(`${regular} is a collection of fonts`);
  const has = (codePoint: number): boolean => parsed.hasGlyphForCodePoint(codePoint);
  return { font, regular: regularFile, bold: boldFile, has };
}

function isSingle(parsed: ReturnType<typeof create>): parsed is Font {
  return 'hasGlyphForCodePoint' in parsed;
}

function* codePoints(character: string): Generator<number> {
  for (const symbol of character) if (!INVISIBLE.test(symbol)) yield symbol.codePointAt(0) ?? 0;
}
