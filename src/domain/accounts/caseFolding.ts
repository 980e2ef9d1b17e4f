/**
 * Returns the form of a text that is the same for every case and composition. The text is decomposed, case-folded in
 * full, and composed again (NFC). This is the canonical caseless match of Unicode (3.13, D145).
 */
export function foldCase(text: string): string {
  return Array.from(text.normalize('NFD'), foldCharacter).join('').normalize('NFC');
}

/**
 * Gives the same result as the C and F mappings of CaseFolding.txt, except for the direction in which Cherokee folds.
 */
function foldCharacter(character: string): string {
  // ı is a separate letter, although it has the same capital letter as i.
  if (character === 'ı') return character;
  return character.toLowerCase().toUpperCase().toLowerCase();
}
