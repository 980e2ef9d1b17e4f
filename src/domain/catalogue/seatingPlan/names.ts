/**
 * A name as it is compared and served: composed (NFC), with one blank for each run of white space and none at the
 * ends. So two names that look alike are the same text, whatever system they were typed on.
 */
export function plainName(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
}

/** @param index of the zone in the plan: the first zone without a name is "Zone 1" if it is the plan's first */
export function zoneName(name: string | undefined, index: number): string {
  return plainName(name ?? '') || `Zone ${index + 1}`;
}

/** The name of a row in words. As in pretix, `row_label` is the name, with the number for `%s`. */
export function rowName(label: string | null | undefined, rowNumber: string): string {
  return fill(label, rowNumber) || plainName(rowNumber);
}

/**
 * The name of a seat in words. A label without `%s` would give all seats of a row one name, so the number
 * follows it.
 */
export function seatName(label: string | null | undefined, seatNumber: string): string {
  if (label && !label.includes('%s')) return plainName(`${label} ${seatNumber}`);
  return fill(label, seatNumber) || plainName(seatNumber);
}

function fill(label: string | null | undefined, value: string): string {
  return plainName((label ?? '').replaceAll('%s', () => value));
}
