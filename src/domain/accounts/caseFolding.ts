/**
 * A text in the form that is the same for every case and composition: decomposed, with full case folding, and composed
 * (NFC). The canonical caseless match of Unicode, 3.13, D145.
 */
export function foldCase(text: string): string {
  return Array.from(text.normalize('NFD'), foldCharacter).join('').normalize('NFC');
}

/** The same as CaseFolding.txt's C and F mappings, but for the direction in which Cherokee folds. */
function foldCharacter(character: string): string {
  // A letter of its own, though its capital is that of i.
  if (character === 'ı') return character;
  return character.toLowerCase().toUpperCase().toLowerCase();
}
