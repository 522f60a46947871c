/** Every row of the attack table at a small share of its number, as `npm run attack` runs it. */
import { expect, test } from '@jest/globals';
import { runProgram } from '../support/programs.js';
import { attacks } from './attacks/all.js';
import type { Row, Summary } from './report.js';

/** Not the promise, which holds for a machine of one's own: a bound that no busy machine should reach. */
const STOP_MS = 10_000;

test('every attack is held off, and who plays beside it loses nothing', async () => {
  const args = ['--quick', '--seed', '7', '--stop-ms', String(STOP_MS), '--json'];
  const { code, stdout, stderr } = await runProgram('dist/test/attack/main.js', args);
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
}, 180_000);
