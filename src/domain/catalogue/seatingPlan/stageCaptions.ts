/**
 * The words on the stage of a plan, in the languages in which concerts are sold: in lower case, without the accents of
 * Latin, Greek and Cyrillic letters, as {@link lettersOf} leaves them.
 *
 * `whole` is a word of its own; `end` may end a longer one, as in Hauptbühne and المسرح; `part` is of languages that
 * set no blanks between words, or set one within this word.
 */
const STAGE = {
  whole: wordsOf(
    'scen scena scene scenen scenan skena skene palco palk lava sahne sahna svid estrade estrada estrado toneel',
    'pentas podiet במה',
  ),
  end: wordsOf(
    'stage buhne buehne podium nayttamo szinpad escenario escenari palcoscenico hovedscene huvudscen jeviste',
    'javisko skatuve panggung tanghalan jukwaa llwyfan agertoki eszenatoki pozornica sehne',
    'сцена сцэна сахна подиум эстрада бина σκηνη բեմ სცენა مسرح خشبة صحنه اسٹیج הבמה',
    'मंच स्टेज মঞ্চ ਮੰਚ મંચ மேடை వేదిక ವೇದಿಕೆ വേദി වේදිකාව',
  ),
  part: wordsOf('무대 스테이지 舞台 舞臺 ステージ sankhau เวที ເວທີ ឆាក စင်မြင့်'),
};

/** A hall for films: its screen is what people look at. Where a plan has a stage as well, that counts. */
const SCREEN = {
  whole: wordsOf('tela platno vaszon ekran ecran екран экран οθονη מסך شاشة layar perde'),
  end: wordsOf('screen leinwand pantalla schermo scherm filmduk valkokangas lerret laerred'),
  part: wordsOf('스크린 スクリーン 银幕 銀幕 จอภาพ'),
};

/** A way to the stage, or what lies behind it. */
const NOT_IT = new Set(
  wordsOf(
    'backstage offstage behind back rear door entrance entry exit access stairs loading crew view',
    'eingang ausgang hinterbuhne seitenbuhne coulisses entree',
  ),
);

/**
 * Whether the caption of an area calls it the stage.
 *
 * @returns 2 for a stage, 1 for a screen, 0 for neither
 */
export function stageRank(caption: string): 0 | 1 | 2 {
  const words = lettersOf(caption);
  if (words.some((word) => NOT_IT.has(word))) return 0;
  // Letters are set apart for the looks of it: S T A G E, 무 대.
  const joined = words.join('');
  const spelled = words.length > 1 && words.every((word) => /^.$/u.test(word));
  const candidates = spelled ? [joined] : words;
  const matches = ({ whole, end, part }: typeof STAGE): boolean =>
    candidates.some((word) => whole.includes(word) || end.some((ending) => word.endsWith(ending))) ||
    part.some((piece) => joined.includes(piece));
  if (matches(STAGE)) return 2;
  return matches(SCREEN) ? 1 : 0;
}

/** The words of a caption: full-width letters as others, digits and signs left out. */
function lettersOf(caption: string): string[] {
  return plainLetters(caption)
    .split(/[^\p{L}\p{M}]+/u)
    .filter((word) => word !== '');
}

function plainLetters(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase();
}

/** As {@link lettersOf} leaves them. */
function wordsOf(...lines: string[]): string[] {
  return lines.flatMap((line) => plainLetters(line).split(' '));
}
