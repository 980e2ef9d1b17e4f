import { buildStage, type Stage } from '../support/stage';
import { ENDINGS } from './endings';
import { writeHistory } from './histories';

/*
 * Records the history of every ending from the real Temporal: `npm run histories:record`. Run it after you have added
 * an ending. Never record the histories of released workflows again, because these histories must replay.
 */
let stage: Stage;

beforeAll(async () => {
  stage = await buildStage('real');
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

const wanted = process.env['ENDINGS']?.split(',') ?? Object.keys(ENDINGS);

describe('recording', () => {
  it.each(wanted)(
    '%s',
    async (name) => {
      const ending = ENDINGS[name];
      if (!ending) throw new Error(`no ending is named ${name}`);
      const handle = stage.temporal.env.client.workflow.getHandle(await ending.play(stage));
      expect(await handle.result()).toMatchObject({ status: ending.status });

      await writeHistory(name, await handle.fetchHistory());
    },
    120_000,
  );
});
