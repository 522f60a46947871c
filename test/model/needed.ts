/** What each rule is for: where something is lost without it, or which other rule does the same within the bounds. */
import { BASE, describe, explore, RESTORED, SMALL, without } from './bounds.js';
import type { Bound, Rules } from './rules.js';

/** Within this bound an invariant breaks without the rule; or why none does. */
type Use = { readonly bound: Bound; readonly isQuick: boolean } | { readonly redundant: string };

const quick = (more: Partial<Bound>): Use => ({ bound: { ...BASE, commands: 1, ...more }, isQuick: true });
const slow = (more: Partial<Bound>): Use => ({ bound: { ...BASE, commands: 1, ...more }, isQuick: false });
const redundant = (why: string): Use => ({ redundant: why });

export const USES: Readonly<Record<keyof Rules, Use>> = {
  fences: quick({ commands: 2 }),
  commitPosition: quick({ commands: 2 }),
  claimSeen: slow({ moves: 0, releases: 1, unknowns: 1, takeovers: 1 }),
  claimPosition: slow({ unknowns: 1 }),
  claimAbove: redundant('of two claims with the same epoch the one that has nothing to lose gives way'),
  claimAboveLog: redundant('as claimAbove; it keeps the epochs of entries from falling'),
  claimWithTail: quick({ crashes: 1, unknowns: 1 }),
  transferPosition: quick({}),
  transferAgain: redundant('a transfer that the target’s epoch fences asks the target'),
  releasePosition: quick({ moves: 0, releases: 1, unknowns: 1 }),
  restoreSeen: redundant('a restore meets no other owner here; two owners at once do in a store that was emptied'),
  restoreUpwards: redundant('as restoreSeen'),
  tailHandedOver: redundant('the target stores the room whole where the log lacks its end'),
  firstEntry: redundant(
    'the target keeps the end of the log from the moment it has it; the entry shows that it can write',
  ),
  sealedUntilAnswer: quick({ unknowns: 1 }),
  settling: quick({ takeovers: 1 }),
  settlingTakeBack: quick({}),
  restores: quick({ snapshots: 1 }),
  restoresOverFork: quick({ ...RESTORED, unknowns: 1 }),
  equalForkGivesWay: quick({ ...RESTORED, unknowns: 1 }),
  formerOwnersWait: quick({ ...RESTORED }),
  ownClaimFound: redundant('a claim that has landed has the end of the log with it'),
  foundClaimWaits: slow({ unknowns: 1 }),
  losersWait: quick({ takeovers: 1 }),
  claimsWait: quick({}),
  transfersWait: quick({ crashes: 1 }),
};

/** Explores without the rule. @returns a line that tells what is lost where, and whether it is as `USES` says */
export function tellUse(rule: keyof Rules): { readonly line: string; readonly isSo: boolean } {
  const use = USES[rule];
  if ('redundant' in use) {
    const broken = SMALL.find((bound) => explore(without(rule), bound).failure);
    const line = broken ? `broken within: ${describe(broken)}` : `holds within the small bounds: ${use.redundant}`;
    return { line: `without ${rule}: ${line}`, isSo: broken === undefined };
  }
  const { failure } = explore(without(rule), use.bound);
  const line = failure ? `${failure.why}, in ${failure.trace.length} steps` : 'holds';
  return { line: `without ${rule}: ${line} (${describe(use.bound)})`, isSo: failure !== undefined };
}
