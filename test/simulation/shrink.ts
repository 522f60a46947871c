/** The fewest faults of a seed with which it still fails in the same way. */
import { breath, type Outcome, simulate } from './simulate.js';

export interface Shrunk {
  /** Places of the faults in the story of the whole seed, from 1. */
  readonly kept: readonly number[];
  readonly outcome: Outcome;
  /** Clusters that were played for it. */
  readonly tries: number;
}

/** What kind of violation it is: without room, place, seats and cards. */
export function kindOf(violation: string): string {
  const [kind = ''] = violation.replace(/^S1M\d+(?: at (?:\d+|null))?: /, '').split(':');
  return kind.replace(/\d+/g, '#');
}

/**
 * Plays parts of the seed, none of its faults first, then each alone, then two and so on: as most failures need no more,
 * this is quick, and what is found is the smallest.
 * @param whole with at least one violation, the first of which is to come again.
 */
export async function shrink(whole: Outcome): Promise<Shrunk> {
  const wanted = kindOf(whole.violations[0] ?? '');
  const all = whole.strikes.map((_, at) => at + 1);
  let tries = 0;
  for (const kept of parts(all)) {
    const outcome = await simulate(whole.seed, { whole: whole.strikes, kept: new Set(kept) });
    tries += 1;
    if (outcome.violations.some((violation) => kindOf(violation) === wanted)) return { kept, outcome, tries };
    await breath();
  }
  return { kept: all, outcome: whole, tries };
}

/** Everything but the whole, the smallest first. */
function* parts(all: readonly number[]): Generator<readonly number[]> {
  for (let size = 0; size < all.length; size++) yield* choices(all, size);
}

function* choices(from: readonly number[], size: number): Generator<readonly number[]> {
  if (size === 0) yield [];
  for (const [at, one] of size === 0 ? [] : from.entries()) {
    for (const others of choices(from.slice(at + 1), size - 1)) yield [one, ...others];
  }
}

/** Only these faults of the seed. @throws Error when it has not so many */
export async function simulatePart(seed: number, kept: readonly number[]): Promise<Outcome> {
  const { strikes } = await simulate(seed);
  const beyond = kept.find((place) => place > strikes.length);
  if (beyond !== undefined) throw new Error(`Seed ${seed} has ${strikes.length} faults, and no ${beyond}.`);
  return simulate(seed, { whole: strikes, kept: new Set(kept) });
}
