/**
 * `npm run model`: explores who owns a room, and what players may count on, in every order in which things can happen
 * within the bounds; then, rule by rule, what is lost without it. `--old`: with the rules by which rooms were moved before;
 * `--wide`: with three misfortunes at once; `--rules`: the table of rules alone. Exits 1 when an invariant does not hold, or a
 * rule is for something else than the table says.
 */
import { parseArgs } from 'node:util';
import { BASE, describe, explore, FULL, WIDE } from './bounds.js';
import { tellUse, USES } from './needed.js';
import { OLD_TRANSFER, PROTOCOL, type Rules } from './rules.js';

const { values } = parseArgs({
  options: {
    old: { type: 'boolean', default: false },
    wide: { type: 'boolean', default: false },
    rules: { type: 'boolean', default: false },
  },
});
const rules = values.old ? OLD_TRANSFER : PROTOCOL;
let states = 0;
const bounds = values.old ? [BASE] : values.wide ? WIDE : values.rules ? [] : FULL;
for (const bound of bounds) {
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
if (bounds.length > 0) process.stdout.write(`${states} states in all\n`);
if (!values.old && !values.wide && process.exitCode === undefined) {
  for (const rule of Object.keys(USES) as (keyof Rules)[]) {
    const { line, isSo } = tellUse(rule);
    process.stdout.write(`${line}\n`);
    if (!isSo) process.exitCode = 1;
  }
}
