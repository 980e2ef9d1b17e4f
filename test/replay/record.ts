import { createTestbed, type Testbed } from '../support/testbed';
import { ENDINGS } from './endings';
import { writeHistory } from './histories';

/*
 * Records the history of every ending from the real Temporal: `npm run histories:record`. Run it after you have added
 * an ending. Never record the histories of released workflows again, because these histories must replay.
 */
let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed('real');
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const wanted = process.env['ENDINGS']?.split(',') ?? Object.keys(ENDINGS);

describe('recording', () => {
  it.each(wanted)(
    '%s',
    async (name) => {
      const ending = ENDINGS[name];
      if (!ending) throw new Error(`no ending is named ${name}`);
      const handle = testbed.temporal.env.client.workflow.getHandle(await ending.play(testbed));
      expect(await handle.result()).toMatchObject({ status: ending.status });

      await writeHistory(name, await handle.fetchHistory());
    },
    120_000,
  );
});
