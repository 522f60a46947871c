// Holds I1 of src/README.md.
/** The model of ownership, within bounds that take seconds. `npm run model` explores larger ones. */
import { expect, test } from '@jest/globals';
import { BASE, describe, explore, SMALL } from './bounds.js';
import { tellUse, USES } from './needed.js';
import { OLD_TRANSFER, PROTOCOL, type Rules } from './rules.js';

test.each(SMALL.map((bound) => [describe(bound), bound] as const))(
  'nothing that players count on is lost, nothing runs twice, nobody is stuck: %s',
  (_, bound) => {
    const { failure, complete, states } = explore(PROTOCOL, bound);
    expect(failure).toBeUndefined();
    expect(complete).toBe(true);
    expect(states).toBeGreaterThan(500);
  },
);

test('the old rules of a move lose an acknowledged command in a failover', () => {
  const { failure } = explore(OLD_TRANSFER, BASE);
  expect(failure?.why).toMatch(/^told .* after 1@1$/);
  expect(failure?.trace).toContain("A's commit: ok");
  expect(failure?.trace).toContain("A's transfer: ok");
  expect(failure?.trace).toHaveLength(13);
});

const quickRules = (Object.keys(USES) as (keyof Rules)[]).filter((rule) => {
  const use = USES[rule];
  return 'isQuick' in use && use.isQuick;
});

test.each(quickRules)(
  'without %s an invariant is broken',
  (rule) => {
    expect(tellUse(rule).isSo).toBe(true);
  },
  60_000,
);
