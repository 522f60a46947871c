// Holds I4 of src/README.md.
/** Random stories of a room: people come, go, play and cheat, Redis and owners fail. What must hold is in world.ts. */
import { test } from '@jest/globals';
import fc from 'fast-check';
import { type Action, anyAction } from './actions.js';
import { World } from './world.js';

const JOINS: readonly Action[] = [0, 1, 2].map((who) => ({ do: 'join', who, spectate: false, resume: false }));
const MATCH: readonly Action[] = [
  ...JOINS,
  { do: 'join', who: 3, spectate: true, resume: false },
  { do: 'start', who: 0 },
];
const REST: readonly Action[] = [{ do: 'play', moves: 60 }];
const points = fc.integer({ min: 1, max: 3 });

async function story(targetPoints: number, actions: readonly Action[]): Promise<void> {
  const world = await World.open(targetPoints);
  for (const action of actions) await world.act(action);
  await world.holds();
}

function stories(shortest: number, before: readonly Action[], after: readonly Action[], runs: number): Promise<void> {
  const actions = fc.array(anyAction, { minLength: shortest, maxLength: 60, size: 'large' });
  const property = fc.asyncProperty(points, actions, (target, some) => story(target, [...before, ...some, ...after]));
  return fc.assert(property, { numRuns: runs });
}

test('any story of a room', () => stories(1, [], [], 120));
test('any story of a table that has come together', () => stories(5, JOINS, [], 120));
test('any story of a match', () => stories(10, MATCH, REST, 80));
