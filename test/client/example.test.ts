/** The example of the library's documentation is run as it stands there. */
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { spawnOwned } from '../support/programs.js';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster(1);
});
afterAll(() => cluster.stop());

test('twenty lines make a table, sit down and play a match', async () => {
  const page = readFileSync(new URL('src/client/README.md', packageRoot), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const lines = example.split('\n').filter((line) => line.trim() && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(20);
  // Inside the package, so that its own name leads to it.
  const file = new URL('test-output/client-example.mjs', packageRoot);
  mkdirSync(new URL('./', file), { recursive: true });
  writeFileSync(file, example);
  const server = `http://127.0.0.1:${cluster.instances[0]?.port}`;
  const child = spawnOwned(process.execPath, [fileURLToPath(file), server], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (text) => {
    said += String(text);
  });
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([0, expect.stringMatching(/^the winners are \[ \d, \d \]\n$/)]);
});
