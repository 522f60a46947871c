import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { playAsBot } from '../../src/client/bot.js';
import { joinTable } from '../../src/client/node.js';
import type { Table } from '../../src/client/table.js';
import type { ClientOut, EventFrame } from '../../src/protocol/client-out.js';
import { startCluster, type TestCluster } from '../support/cluster.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster(2);
});
afterAll(() => cluster.stop());

test('four clients at two instances play a match to its end; all see the same events', async () => {
  const room = await cluster.createRoom({ options: { target_points: 2 } });
  const errors: ClientOut[] = [];
  const transcripts: EventFrame[][] = [[], [], [], []];
  const tables: Table[] = [];
  for (const at of [0, 1, 2, 3]) {
    const onFrame = (frame: ClientOut) => {
      if (frame.type === 'event') transcripts[at]?.push(frame);
      if (frame.type === 'error') errors.push(frame);
    };
    const url = cluster.instances[at % 2]?.url ?? '';
    tables.push(joinTable({ url, room, name: 'Sara', onFrame }));
  }
  const views = await Promise.all(tables.map((table) => playAsBot(table)));
  for (const table of tables) table.close();
  expect(errors).toEqual([]);
  expect(views.map((view) => view?.status)).toEqual(['finished', 'finished', 'finished', 'finished']);
  expect(new Set(views[0]?.seats.map((seat) => seat?.name)).size).toBe(4);
  const last = transcripts[0]?.at(-1);
  for (const transcript of transcripts) {
    expect(transcript.at(-1)).toMatchObject({ seq: last?.seq, digest: last?.digest });
    const seqs = transcript.map((frame) => frame.seq);
    expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
  }
});
