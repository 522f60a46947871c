/**
 * `npm run model`: explores who owns a room, and what players may count on, in every order in which things can happen
 * within the bounds. `--old`: with the rules by which rooms were moved before; `--wide`: with three
 * misfortunes at once. Exits 1 when an invariant does not hold.
 */
import { parseArgs } from 'node:util';
import { BASE, describe, explore, FULL, WIDE } from './bounds.js';
import { OLD_TRANSFER, PROTOCOL } from './rules.js';

const { values } = parseArgs({
  options: { old: { type: 'boolean', default: false }, wide: { type: 'boolean', default: false } },
});
const rules = values.old ? OLD_TRANSFER : PROTOCOL;
let states = 0;
for (const bound of values.old ? [BASE] : values.wide ? WIDE : FULL) {
  const startedAt = process.hrtime.bigint();
  const found = explore(rules, bound);
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  states += found.states;
  const line = `${found.states} states, depth ${found.depth}, ${seconds.toFixed(1)} s`;
  process.stdout.write(`${describe(bound)}: ${line}${found.failure ? '' : ', all invariants hold'}\n`);
  if (found.failure) {
    process.stdout.write(`${[found.failure.why, ...found.failure.trace].join('\n  ')}\n`);
    process.exitCode = 1;
    break;
  }
}
process.stdout.write(`${states} states in all\n`);
