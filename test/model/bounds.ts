/** The bounds within which the model is explored. */
import { steps } from './cluster.js';
import { type Bound, PROTOCOL, type Rules } from './rules.js';
import { type Found, search } from './search.js';
import { fault, initial, isWell } from './state.js';

/** One move and one failover, two commands. */
export const BASE: Bound = {
  durability: 'primary',
  promoted: 'best',
  commands: 2,
  failovers: 1,
  moves: 1,
  crashes: 0,
  releases: 0,
  snapshots: 0,
  unknowns: 0,
  rollbacks: 0,
  takeovers: 0,
};

export function explore(rules: Rules, bound: Bound, limit?: number): Found {
  const model = { rules, bound };
  const space = { initial: initial(model), steps: (state: ReturnType<typeof initial>) => steps(state, model), fault };
  return search({ ...space, isGoal: isWell }, limit);
}

export const without = (rule: keyof Rules): Rules => ({ ...PROTOCOL, [rule]: false });

const BOTH = ['primary', 'replicated'] as const;
const both = (more: Partial<Bound>): Bound[] => BOTH.map((durability) => ({ ...BASE, ...more, durability }));

/** A backup is restored after an owner who lives was thought to be gone, and replaced. */
export const RESTORED = { failovers: 0, moves: 0, rollbacks: 1, takeovers: 1 } as const;

/** What `npm test` explores. */
export const SMALL: readonly Bound[] = [
  ...both({}),
  ...both({ crashes: 1, commands: 1 }),
  ...both({ snapshots: 1, commands: 1 }),
  ...both({ takeovers: 1, commands: 1 }),
  ...both({ releases: 1, moves: 0, unknowns: 1 }),
  ...both({ ...RESTORED }),
  ...both({ ...RESTORED, commands: 1, unknowns: 1 }),
];

/** What `npm run model` explores: each has been explored to its end. */
export const FULL: readonly Bound[] = [
  ...both({ commands: 3 }),
  ...both({ unknowns: 1 }),
  ...both({ takeovers: 1 }),
  ...both({ crashes: 1 }),
  ...both({ snapshots: 1 }),
  ...both({ releases: 1, moves: 0, unknowns: 1, takeovers: 1 }),
  ...both({ ...RESTORED, unknowns: 1 }),
  ...both({ ...RESTORED, releases: 1, snapshots: 1 }),
];

/** What `npm run model -- --wide` explores besides: three misfortunes at once. */
export const WIDE: readonly Bound[] = [
  { ...BASE, commands: 1, unknowns: 1, crashes: 1 },
  ...both({ commands: 3, unknowns: 1 }),
  ...both({ commands: 1, unknowns: 1, snapshots: 1 }),
  ...both({ commands: 1, unknowns: 1, takeovers: 1 }),
];

/** A bound in words, leaving out what does not happen. */
export function describe({ durability, promoted, ...counts }: Bound): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return `${durability}, ${promoted} copy promoted, ${some.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}
