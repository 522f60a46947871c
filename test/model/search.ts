/** Breadth first through all states that can be reached, each visited once; the way to a bad one is the shortest. */
import { createHash } from 'node:crypto';

export interface Space<State> {
  readonly initial: State;
  readonly steps: (state: State) => readonly { readonly label: string; readonly next: State }[];
  /** Why the state must not be. */
  readonly fault: (state: State) => string | undefined;
  /** From every state one of these must be within reach. */
  readonly isGoal: (state: State) => boolean;
}

export interface Found {
  readonly states: number;
  /** Steps from the first state to the furthest one. */
  readonly depth: number;
  /** False when the search was given up at `limit` states. */
  readonly complete: boolean;
  readonly failure?: { readonly why: string; readonly trace: readonly string[]; readonly state: unknown };
}

/** 96 bits: two of a hundred million states share it with a probability of 10^-13. */
const keyOf = (text: string) => createHash('sha1').update(text).digest('base64').slice(0, 16);

/** Numbers in a row, without a limit known before. */
class Numbers {
  private values = new Int32Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(place: number): number {
    return this.values[place] ?? 0;
  }
}

export function search<State>(space: Space<State>, limit = Number.POSITIVE_INFINITY): Found {
  const numbers = new Map<string, number>();
  /** By which state, and by which of its steps, a state was first reached. */
  const parents = new Numbers();
  const chosen = new Numbers();
  const goals: number[] = [];
  const from = new Numbers();
  const to = new Numbers();
  const add = (state: State, parent: number, choice: number): number | undefined => {
    const key = keyOf(JSON.stringify(state));
    const known = numbers.get(key);
    from.push(parent);
    to.push(known ?? numbers.size);
    if (known !== undefined) return undefined;
    const number = numbers.size;
    numbers.set(key, number);
    parents.push(parent);
    chosen.push(choice);
    if (space.isGoal(state)) goals.push(number);
    return number;
  };
  const traceTo = (number: number): { trace: string[]; state: State } => {
    const choices: number[] = [];
    for (let at = number; at > 0; at = parents.at(at)) choices.unshift(chosen.at(at));
    const trace: string[] = [];
    let state = space.initial;
    for (const choice of choices) {
      const step = space.steps(state)[choice];
      if (!step) throw new Error('the steps of a state are not the same again');
      trace.push(step.label);
      state = step.next;
    }
    return { trace, state };
  };
  add(space.initial, 0, 0);
  let level: [number, State][] = [[0, space.initial]];
  let depth = 0;
  const result = (complete: boolean, failure?: Found['failure']): Found => ({
    states: numbers.size,
    depth,
    complete,
    ...(failure ? { failure } : {}),
  });
  while (level.length > 0) {
    const next: [number, State][] = [];
    for (const [number, state] of level) {
      for (const [choice, step] of space.steps(state).entries()) {
        const added = add(step.next, number, choice);
        if (added === undefined) continue;
        const why = space.fault(step.next);
        if (why !== undefined) return result(false, { why, ...traceTo(added) });
        if (numbers.size >= limit) return result(false);
        next.push([added, step.next]);
      }
    }
    if (next.length > 0) depth += 1;
    level = next;
  }
  const stuck = firstStuck(numbers.size, goals, from, to);
  return stuck === undefined ? result(true) : result(true, { why: 'nothing leads out of here', ...traceTo(stuck) });
}

/** The first state from which no goal can be reached. */
function firstStuck(states: number, goals: readonly number[], from: Numbers, to: Numbers): number | undefined {
  const starts = new Int32Array(states + 1);
  for (let at = 0; at < to.length; at++) starts[to.at(at) + 1] = (starts[to.at(at) + 1] ?? 0) + 1;
  for (let at = 0; at < states; at++) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0);
  const places = starts.slice();
  const before = new Int32Array(to.length);
  for (let at = 0; at < to.length; at++) {
    const target = to.at(at);
    const place = places[target] ?? 0;
    before[place] = from.at(at);
    places[target] = place + 1;
  }
  const good = new Uint8Array(states);
  const queue = [...goals];
  for (const goal of goals) good[goal] = 1;
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (let at = starts[state] ?? 0; at < (starts[state + 1] ?? 0); at++) {
      const earlier = before[at] ?? 0;
      if (good[earlier] === 1) continue;
      good[earlier] = 1;
      queue.push(earlier);
    }
  }
  const stuck = good.indexOf(0);
  return stuck < 0 ? undefined : stuck;
}
