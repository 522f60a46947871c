/** All attacks beside one another on one cluster, as `npm run attack -- --mixture` runs them. Takes two minutes. */
import { expect, test } from '@jest/globals';
import { isFullRun } from '../support/full.js';
import { runProgram } from '../support/programs.js';
import type { Mixed } from './attackers.js';
import { attacks } from './attacks/all.js';
import { mixable } from './mixture.js';

/** Not what is promised, which holds for a machine of one's own: bounds that no busy machine should reach. */
const BUSY = ['--stop-ms', '10000', '--ratio', '30'];

(isFullRun ? test : test.skip)(
  'while all attacks are on at once no process ends, no memory grows, and no move of 60 rooms is lost or doubled',
  async () => {
    const args = ['--mixture', '30', '--rooms', '60', '--seed', '7', ...BUSY, '--json'];
    const { code, stdout, stderr } = await runProgram('dist/test/attack/main.js', args);
    expect({ code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(JSON.parse(lines.pop() ?? '')).toMatchObject({
      ...{ seed: 7, held: true, ended: [], broken: [] },
      played: { lost: 0, doubled: 0, violations: 0 },
    });
    const mixed = lines.map((line) => JSON.parse(line) as Mixed);
    expect(mixed.map(({ attack }) => attack).sort()).toEqual(
      mixable(attacks)
        .map(({ name }) => name)
        .sort(),
    );
  },
  300_000,
);
