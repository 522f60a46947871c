/** Every row of the attack table at a small share of its number, as `npm run attack` runs it. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { spawnOwned } from '../support/programs.js';
import { attacks } from './attacks/all.js';
import type { Row, Summary } from './report.js';

const PROGRAM = fileURLToPath(new URL('dist/test/attack/main.js', packageRoot));
/** Not the promise, which holds for a machine of one's own: a bound that no busy machine should reach. */
const STOP_MS = 10_000;

test('every attack is held off, and who plays beside it loses nothing', async () => {
  const args = ['--quick', '--seed', '7', '--stop-ms', String(STOP_MS), '--json'];
  const child = spawnOwned(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const read = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const [code] = await once(child, 'exit');
  await Promise.all(read);
  expect({ code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, stderr: '' });

  const lines = stdout.trimEnd().split('\n');
  const summary = JSON.parse(lines.pop() ?? '') as Omit<Summary, 'rows'>;
  expect(summary).toMatchObject({ seed: 7, held: true, played: { lost: 0, doubled: 0, violations: 0 } });
  expect(summary.played.acked).toBeGreaterThan(50);
  const rows = lines.map((line) => JSON.parse(line) as Row);
  expect(rows.map(({ attack }) => attack).sort()).toEqual(attacks.map(({ name }) => name).sort());
  for (const { done, broken } of rows) {
    expect(broken).toEqual([]);
    expect(done).toBeGreaterThan(0);
  }
}, 120_000);
