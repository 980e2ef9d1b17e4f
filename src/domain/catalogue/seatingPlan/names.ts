/**
 * The form in which a name is compared and served: composed (NFC), with one space for each run of white space and none
 * at the ends. So two names that look the same are the same text, whatever system they were typed on.
 */
export function plainName(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
}

/** @param index the index of the zone in the plan: if the first zone has no name, it is "Zone 1" */
export function zoneName(name: string | undefined, index: number): string {
  return plainName(name ?? '') || `Zone ${index + 1}`;
}

/** The name of a row in words. As in pretix, `row_label` is the name, and `%s` in it stands for the number. */
export function rowName(label: string | null | undefined, rowNumber: string): string {
  return fill(label, rowNumber) || plainName(rowNumber);
}

/**
 * The name of a seat in words. If a label has no `%s`, all seats of a row would get the same name. So the number is
 * appended to the label.
 */
export function seatName(label: string | null | undefined, seatNumber: string): string {
  if (label && !label.includes('%s')) return plainName(`${label} ${seatNumber}`);
  return fill(label, seatNumber) || plainName(seatNumber);
}

function fill(label: string | null | undefined, value: string): string {
  return plainName((label ?? '').replaceAll('%s', () => value));
}
