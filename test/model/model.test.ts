/** The model of ownership, within bounds that take seconds. `npm run model` explores larger ones. */
import { expect, describe as group, test } from '@jest/globals';
import { BASE, describe, explore, SMALL, without } from './bounds.js';
import { type Bound, OLD_TRANSFER, PROTOCOL, type Rules } from './rules.js';

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

const NEEDED: readonly (readonly [keyof Rules, Partial<Bound>])[] = [
  ['fences', {}],
  ['commitPosition', {}],
  ['transferPosition', {}],
];

group('each rule is needed', () => {
  test.each(NEEDED)('without %s an invariant is broken', (rule, more) => {
    expect(explore(without(rule), { ...BASE, ...more }).failure).toBeDefined();
  });
});
