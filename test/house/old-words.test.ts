/** Private names for standard things stay away once they are gone: the field's own term is beside each. */
import { expect, test } from '@jest/globals';
import { sources, under } from './sources.js';

/** Old identifier → the standard term. Only words that stand for nothing else in this repository. */
const STANDARD: Readonly<Record<string, string>> = {
  Look: 'FleetView, or poll, tick, refresh',
  LOOK_MS: 'POLL_INTERVAL_MS',
  Told: 'UserError',
  StartFailed: 'UserError',
  UsageError: 'UserError',
  ToolFailed: 'UserError',
  Belief: 'DesiredState',
  believe: 'applySnapshot',
  Settling: 'ClaimGate',
  GatheringRedis: 'BatchingRedis',
  Doors: 'LoadBalancers',
  Isolation: 'PartitionDetector',
  Orphans: 'FailoverWorker',
  heir: 'rendezvousOwner',
  Ledger: 'LogWriter',
  insist: 'retryUntilKnown',
  reassert: 'reclaim',
  Mailbox: 'RoomActor',
  Audience: 'Subscribers',
  sendAway: 'redirectAll',
  Surroundings: 'ClusterSnapshot',
  RequestedMoves: 'MoveRequestHandler',
  foldEvent: 'evolve',
  patience: 'commitTimeout',
  bury: 'closeAndExpire',
  thaw: 'resume',
  Alarm: 'ReschedulableTimer',
  victims: 'scaleInCandidates',
  strays: 'foreignDrains',
  carriedBy: 'encodeOnce',
};

/** Words that are still in use. The list only becomes shorter. */
const STILL_USED: readonly string[] = [
  'Look',
  'LOOK_MS',
  'Told',
  'StartFailed',
  'UsageError',
  'ToolFailed',
  'Belief',
  'believe',
  'Settling',
  'GatheringRedis',
  'Doors',
  'Isolation',
  'Orphans',
  'heir',
  'Ledger',
  'insist',
  'Mailbox',
  'Audience',
  'Surroundings',
  'RequestedMoves',
  'foldEvent',
  'patience',
  'bury',
  'thaw',
  'Alarm',
  'victims',
  'strays',
];

/** Texts hold words of the language, not identifiers. */
const withoutTexts = (code: string) => code.replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
const all = sources
  .filter(({ path }) => !under('test/house/')(path))
  .map(({ code }) => withoutTexts(code))
  .join('\n');
const identifiers = new Set(all.match(/\b[A-Za-z_]\w*\b/g));

test('no old word comes back, and the list of those still used names no other', () => {
  const used = Object.keys(STANDARD).filter((word) => identifiers.has(word));
  // In any order: several people take words out at the same time.
  expect(used.toSorted()).toEqual(STILL_USED.toSorted());
});
