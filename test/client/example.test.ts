/** The example of the library's documentation is run as it stands there, against the installed package. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { clientExample, OutsideProject } from '../support/outside-project.js';
import { spawnOwned } from '../support/programs.js';

let cluster: TestCluster;
let project: OutsideProject;

beforeAll(async () => {
  project = new OutsideProject();
  cluster = await startCluster(1);
});
afterAll(async () => {
  project.remove();
  await cluster.stop();
});

test('twenty lines make a table, sit down and play a match', async () => {
  const example = clientExample();
  const lines = example.split('\n').filter((line) => line.trim() && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(20);
  // The oldest supported Node does not strip types.
  const file = project.write('example.mjs', (await transform(example, { loader: 'ts' })).code);
  const server = `http://127.0.0.1:${cluster.instances[0]?.port}`;
  const child = spawnOwned(process.execPath, [file, server], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (text) => {
    said += String(text);
  });
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([0, expect.stringMatching(/^the winners are \[ \d, \d \]\n$/)]);
});
