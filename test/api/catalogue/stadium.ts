/**
 * A body of `POST /v1/admin/venues`. Its plan is as the editor exports it, indented: it has every member that the
 * editor has, in zones of 2,000 seats. This function writes the plan piece by piece: as objects it would be several
 * times as large.
 */
export function stadium(seats: number, indent: string): Buffer {
  const pieces: Buffer[] = [Buffer.from('{"name": "Stadium", "plan": {\n')];
  const add = (text: string): void => void pieces.push(Buffer.from(text));
  const line = (depth: number, text: string): string => `${indent.repeat(depth)}${text}\n`;
  add(line(2, '"name": "Stadium", "size": {"width": 20000, "height": 20000},'));
  add(line(2, '"categories": [{"name": "R석", "color": "#a00"}], "zones": ['));
  for (let from = 0; from < seats; from += SEATS_IN_A_ZONE) {
    add(
      line(
        3,
        `{"name": "Block ${from}", "position": {"x": ${(from % 20_000) + 0.5}, "y": ${from / 10}}, "rows": [`,
      ),
    );
    for (let row = from; row < Math.min(from + SEATS_IN_A_ZONE, seats); row += SEATS_IN_A_ROW) {
      add(
        line(
          4,
          `{"row_number": "${row}", "row_number_position": "both", "position": {"x": 0, "y": 0}, "seats": [`,
        ),
      );
      const inRow = Math.min(SEATS_IN_A_ROW, seats - row);
      add(Array.from({ length: inRow }, (_, index) => seat(row + index, index, line)).join(','));
      add(`]}${row + SEATS_IN_A_ROW < Math.min(from + SEATS_IN_A_ZONE, seats) ? ',' : ''}`);
    }
    add(`]}${from + SEATS_IN_A_ZONE < seats ? ',' : ''}`);
  }
  add(']}}');
  return Buffer.concat(pieces);
}

const SEATS_IN_A_ZONE = 2_000;
const SEATS_IN_A_ROW = 50;

function seat(guid: number, index: number, line: (depth: number, text: string) => string): string {
  return [
    line(5, '{'),
    line(6, `"seat_number": "${index + 1}",`),
    line(6, `"seat_guid": "3b241101-e2bb-4255-8caf-4136c5${String(guid).padStart(6, '0')}",`),
    line(6, `"uuid": "3b241101-e2bb-4255-8caf-4136c6${String(guid).padStart(6, '0')}",`),
    line(6, '"position": {'),
    line(7, `"x": ${index * 25},`),
    line(7, '"y": 0'),
    line(6, '},'),
    line(6, '"category": "R석",'),
    line(6, '"radius": 10,'),
    line(6, '"start_direction": null'),
    line(5, '}'),
  ].join('');
}
