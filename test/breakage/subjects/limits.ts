import type { Breakage } from '../breakage';

const ADMISSION = 'src/api/queue/admission.ts';
const ROOM_SUITE = 'test/e2e/roomSwitched.test.ts';

/** Clients that hold seats pay for them, and nobody keeps seats from others by holding them again and again. */
export const LIMIT_BREAKAGES: Breakage[] = [
  {
    name: 'paying asks for the room of now',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room !== rooms.of(schedule).name)',
      },
    ],
    suite: ROOM_SUITE,
    tests: [
      'A waiting room that is switched on in mid-sale lets a client that holds seats pay with the token that it held them with',
      'A waiting room that is switched off in mid-sale lets a client that holds seats pay with the token of the room',
    ],
  },
  {
    name: 'paying asks for a room that is gone',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room !== heldIn)',
      },
    ],
    suite: ROOM_SUITE,
    tests: [
      'A waiting room that is switched off in mid-sale lets a client whose place there has ended pay with the token that it gets now',
    ],
  },
  {
    name: 'paying takes the token of any room',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room === "")',
      },
    ],
    suite: ROOM_SUITE,
    tests: ['A waiting room that is switched on in mid-sale does not take the token of a third room'],
  },
];
