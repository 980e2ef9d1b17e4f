import type { Breakage } from '../breakage';

const PAPER = 'test/api/tickets/paper.test.ts';

export const TICKETS: Breakage[] = [
  {
    name: 'the name of a seat is cut on paper',
    edits: [
      {
        file: 'src/api/tickets/paper/seatCells.ts',
        find: 'text.wrap(value, style, width - x)',
        replace: 'text.wrapWithin(value, style, width - x, 1)',
      },
    ],
    suite: PAPER,
    tests: ['a ticket on paper never cuts the names of a seat, and cuts those of the show instead'],
  },
  {
    name: 'the font size on paper stays large, and the seat pushes the show off the page',
    edits: [{ file: 'src/api/tickets/paper/seatCells.ts', find: '[14, 12, 10, 9, 8, 7]', replace: '[14]' }],
    suite: PAPER,
    tests: ['a ticket on paper leaves room for the show beside a seat with the widest names'],
  },
  {
    name: 'a character that no font has is left out without a warning',
    edits: [
      {
        file: 'src/api/tickets/paper/paper.ts',
        find: 'if (isIncomplete(text, ticket)) {',
        replace: 'if (false) {',
      },
    ],
    suite: PAPER,
    tests: [
      'a ticket on paper says so if it cannot print a seat',
      'a ticket on paper says so if it cannot print a title',
    ],
  },
  {
    name: 'every character is printed in the first font',
    edits: [
      {
        file: 'src/api/tickets/paper/paperFonts.ts',
        find: 'families.find(({ has })',
        replace: 'families.slice(0, 1).find(({ has })',
      },
    ],
    suite: PAPER,
    tests: ['a ticket on paper prints ideographs and Thai in their own fonts'],
  },
  {
    name: 'the characters that hand scanners add make a code invalid',
    edits: [
      {
        file: 'src/api/tickets/code/verify.ts',
        find: 'jwtVerify(plainCode(code), keys',
        replace: 'jwtVerify(code, keys',
      },
    ],
    suite: 'test/api/tickets/checkIns.test.ts',
    tests: ['the code of a ticket is read with the characters that hand scanners add'],
  },
  {
    name: 'the scan that arrives first counts instead of the earliest',
    edits: [
      { file: 'src/domain/tickets/ticketScan.ts', find: "if (now < used) return 'was-first';", replace: '' },
    ],
    suite: 'test/api/tickets/checkIns.test.ts',
    tests: [
      'an uploaded scan counts if it is earlier than the scan that had counted, and reports that one as the duplicate',
      'an uploaded scan counts in the end if it is the earliest of several at once',
    ],
  },
  {
    name: 'two scans of one ticket read it at once',
    edits: [
      {
        file: 'src/db/tickets/ticketStore.ts',
        find: ".where({ id: ticketId }).forUpdate().select('id')",
        replace: ".where({ id: ticketId }).select('id')",
      },
    ],
    suite: 'test/db/tickets/ticketStore.test.ts',
    tests: ['scans of one ticket at once admit once'],
  },
  {
    name: 'staff may check in at any time',
    edits: [
      {
        file: 'src/db/tickets/ticketStore.ts',
        find: 'return opensAt <= at && at < closesAt ? null',
        replace: 'return opensAt ? null',
      },
    ],
    suite: 'test/api/tickets/checkIns.test.ts',
    tests: [
      'staff cannot check in weeks before the start',
      'staff cannot check in 6 hours and a moment after the start',
      'staff can check in with a scan from the check-in hours, however late it is uploaded',
    ],
  },
  {
    name: 'staff that is bound to a venue may check in elsewhere',
    edits: [
      {
        file: 'src/db/accounts/staffAssignmentStore.ts',
        find: 'return rows[0]?.may ?? true;',
        replace: 'return rows.length > 0;',
      },
    ],
    suite: 'test/api/tickets/checkIns.test.ts',
    tests: [
      'staff can check in only at their assigned venues and schedules; operators can everywhere and always',
    ],
  },
  {
    name: 'an account whose venue does not exist is left behind',
    edits: [
      {
        file: 'src/api/accounts/routes.ts',
        find: 'await accounts.add(both.users, user);',
        replace: 'await accounts.add(stores.users, user);',
      },
    ],
    suite: 'test/api/accounts/staff.test.ts',
    tests: [
      'the venues and schedules of staff must exist; otherwise neither the account nor the change is stored',
    ],
  },
];
