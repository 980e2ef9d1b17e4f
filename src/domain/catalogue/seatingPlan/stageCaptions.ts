/**
 * The words for a stage on a plan, in the languages in which concerts are sold. They are in lower case, and without the
 * accents of Latin, Greek and Cyrillic letters: the form that {@link lettersOf} gives.
 *
 * - `whole` is a separate word.
 * - `end` may be the end of a longer word, as in Hauptbühne and المسرح.
 * - `part` is for languages that put no spaces between words, or put a space inside this word.
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

/** In a hall for films, people look at the screen. If a plan also has a stage, the stage counts. */
const SCREEN = {
  whole: wordsOf('tela platno vaszon ekran ecran екран экран οθονη מסך شاشة layar perde'),
  end: wordsOf('screen leinwand pantalla schermo scherm filmduk valkokangas lerret laerred'),
  part: wordsOf('스크린 スクリーン 银幕 銀幕 จอภาพ'),
};

/** Captions of a way to the stage, or of a place behind it. */
const NOT_IT = new Set(
  wordsOf(
    'backstage offstage behind back rear door entrance entry exit access stairs loading crew view',
    'eingang ausgang hinterbuhne seitenbuhne coulisses entree',
  ),
);

/**
 * Whether the caption of an area says that it is the stage.
 *
 * @returns 2 for a stage, 1 for a screen, 0 for neither
 */
export function stageRank(caption: string): 0 | 1 | 2 {
  const words = lettersOf(caption);
  if (words.some((word) => NOT_IT.has(word))) return 0;
  // Some captions have spaces between the letters for a better look: S T A G E, 무 대.
  const joined = words.join('');
  const spelled = words.length > 1 && words.every((word) => /^.$/u.test(word));
  const candidates = spelled ? [joined] : words;
  const matches = ({ whole, end, part }: typeof STAGE): boolean =>
    candidates.some((word) => whole.includes(word) || end.some((ending) => word.endsWith(ending))) ||
    part.some((piece) => joined.includes(piece));
  if (matches(STAGE)) return 2;
  return matches(SCREEN) ? 1 : 0;
}

/** The words of a caption. Full-width letters become normal letters. Digits and signs are left out. */
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

/** In the form that {@link lettersOf} gives. */
function wordsOf(...lines: string[]): string[] {
  return lines.flatMap((line) => plainLetters(line).split(' '));
}
