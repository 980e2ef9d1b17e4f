import type { Breakage } from '../breakage';

const CASES = 'test/domain/catalogue/seatingPlan/cases.test.ts';
const PLANS = 'test/domain/catalogue/seatingPlan/seatingPlan.test.ts';
const STAGE = 'test/domain/catalogue/seatingPlan/stage.test.ts';
const SEATS = 'src/domain/catalogue/seatingPlan/readSeats.ts';

const isRead = (name: string) => `the real plan ${name} is read as its author meant it`;

export const SEATING_PLANS: Breakage[] = [
  {
    name: 'there is no warning of two seats with one name',
    edits: [{ file: SEATS, find: '    warnOfTwin(path, [zone, row, number]);\n', replace: '' }],
    suite: CASES,
    tests: [isRead('duplicate-labels'), isRead('zone-fallback-twins')],
  },
  {
    name: 'the fallback name of a zone does not count as a name',
    edits: [
      {
        file: SEATS,
        find: 'warnOfTwin(path, [zone, row, number])',
        replace: 'warnOfTwin(path, [String(path[1]), row, number])',
      },
    ],
    suite: CASES,
    tests: [isRead('zone-fallback-twins')],
  },
  {
    name: 'names are compared as they were typed',
    edits: [{ file: 'src/domain/catalogue/seatingPlan/names.ts', find: ".normalize('NFC')", replace: '' }],
    suite: PLANS,
    tests: ['the names of a seat match the name of its category in either Unicode form'],
  },
  {
    name: 'the labels of a row are ignored',
    edits: [{ file: SEATS, find: "label: checked?.seat_label ?? ''", replace: "label: ''" }],
    suite: CASES,
    tests: [isRead('labels')],
  },
  {
    name: 'the rotation of an area is ignored',
    edits: [
      {
        file: 'src/domain/catalogue/seatingPlan/areas.ts',
        find: 'rotated(centre, area.rotation)',
        replace: 'centre',
      },
    ],
    suite: CASES,
    tests: [isRead('stage-rotated')],
  },
  {
    name: 'spaced captions are read letter by letter',
    edits: [
      {
        file: 'src/domain/catalogue/seatingPlan/stageCaptions.ts',
        find: 'spelled ? [joined] : words',
        replace: 'words',
      },
    ],
    suite: CASES,
    tests: [isRead('stage-spaced')],
  },
  {
    name: 'a screen is preferred to a stage',
    edits: [{ file: 'src/domain/catalogue/seatingPlan/stage.ts', find: 'b.rank - a.rank || ', replace: '' }],
    suite: STAGE,
    tests: [
      'the stage is found by its caption and is the largest of several, and never a screen if there is a stage',
    ],
  },
  {
    name: 'a text that is no colour reaches a style sheet',
    edits: [{ file: 'src/domain/catalogue/seatingPlan/colors.ts', find: ' || !parse(color)', replace: '' }],
    suite: PLANS,
    tests: ['a colour that is not valid is replaced, with a warning: red}body{color:red'],
  },
  {
    name: 'the parts of a plan are not counted',
    edits: [
      {
        file: 'src/domain/catalogue/seatingPlan/bounds.ts',
        find: 'counted[part] > MOST[part]',
        replace: 'counted[part] < 0',
      },
    ],
    suite: PLANS,
    tests: ['a plan with faults is rejected before anything else is checked if it has too many parts'],
  },
  {
    name: 'the list of faults has no limit',
    edits: [
      {
        file: 'src/domain/catalogue/seatingPlan/faults.ts',
        find: 'if (kept.length < MAX_FAULTS) kept.push',
        replace: 'kept.push',
      },
      {
        file: 'src/domain/catalogue/seatingPlan/faults.ts',
        find: 'return kept.length >= MAX_FAULTS',
        replace: 'return false',
      },
    ],
    suite: PLANS,
    tests: ['a plan with faults shows a hundred of them at most'],
  },
  {
    name: 'the bytes of a plan are parsed before they are checked',
    edits: [
      { file: 'src/api/catalogue/venues/scanJson.ts', find: 'depth > MAX_DEPTH', replace: 'depth < 0' },
      { file: 'src/api/catalogue/venues/scanJson.ts', find: 'values > MAX_VALUES', replace: 'values < 0' },
    ],
    suite: 'test/api/catalogue/venueReader.test.ts',
    tests: ['the scan before the bytes are parsed limits the depth and the number of values'],
  },
  {
    name: 'any number of plans may wait to be read',
    edits: [
      {
        file: 'src/api/catalogue/venues/venueReader.ts',
        find: 'turns.pendingCount >= MOST_WAITING',
        replace: 'turns.pendingCount < 0',
      },
    ],
    suite: 'test/api/catalogue/venueReader.test.ts',
    tests: ['the reader of venues rejects a plan if two others already wait'],
  },
  {
    name: 'seats without a price are for sale',
    edits: [
      {
        file: 'src/db/catalogue/seatStore.ts',
        find: 'accessible, price IS NULL',
        replace: 'accessible, false',
      },
    ],
    suite: 'test/api/catalogue/admin.test.ts',
    tests: [
      'POST /v1/admin/concerts/{concertId}/schedules permanently blocks the seats of a category without a price',
    ],
  },
  {
    name: 'seats without a price can be unblocked',
    edits: [
      {
        file: 'src/db/catalogue/catalogueEditor.ts',
        find: 'if (priceless.length > 0)',
        replace: 'if (priceless.length < 0)',
      },
    ],
    suite: 'test/api/catalogue/admin.test.ts',
    tests: [
      'POST /v1/admin/concerts/{concertId}/schedules permanently blocks the seats of a category without a price',
    ],
  },
  {
    name: 'best available does not report the position that it assumed for the stage',
    edits: [
      {
        file: 'src/domain/reservations/bestAvailable/layout.ts',
        find: 'assumedStage: stage ? null : target',
        replace: 'assumedStage: null',
      },
    ],
    suite: 'test/domain/reservations/bestAvailable/layout.test.ts',
    tests: ['an unknown stage is assumed in front of the middle of the first row'],
  },
];
