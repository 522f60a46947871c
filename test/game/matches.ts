/** Whole matches played from a name: the same name gives the same match. */
import { createHash } from 'node:crypto';
import type { Seat, Seed, Viewer } from '../../src/game/game.js';
import type { Command } from '../../src/game/hokm/command.js';
import type { Event } from '../../src/game/hokm/event.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { type Options, optionsSchema } from '../../src/game/hokm/options.js';
import type { State } from '../../src/game/hokm/rules.js';
import { SEATS } from '../../src/game/hokm/seats.js';
import type { View } from '../../src/game/hokm/view.js';

export const VIEWERS: readonly Viewer[] = [...SEATS, 'spectator'];

/** Picks one of `legal(view)`, or anything else to be tried. */
export type Player = (view: View) => Command;

export function seedOf(name: string): Seed {
  return createHash('sha256').update(name).digest('hex');
}

export function options(given: Partial<Options> = {}): Options {
  return optionsSchema.parse(given);
}

/** Numbers from 0 to `bound - 1` that follow from `name` (xorshift, 32 bits). */
export function numbers(name: string): (bound: number) => number {
  let state = Number.parseInt(seedOf(name).slice(0, 8), 16) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Plays any legal command, each equally likely. */
export function randomPlayer(name: string): Player {
  const below = numbers(name);
  return (view) => {
    const commands = hokm.legal(view);
    const command = commands[below(commands.length)];
    if (command === undefined) throw new Error('nothing is legal');
    return command;
  };
}

/** One event with the states around it. */
export interface Step {
  readonly before: State;
  readonly event: Event;
  readonly after: State;
}

/** More than any match takes: 25 hands, each with a new deal and all 13 tricks, are under 2,000 steps. */
const MOST_STEPS = 5_000;

/** Every step of a match; `playerOf` says who plays a seat. Throws when the match does not end. */
export function* match(name: string, given: Partial<Options>, playerOf: (seat: Seat) => Player): Generator<Step> {
  let state = hokm.setup(options(given));
  let seeds = 0;
  for (let steps = 0; steps < MOST_STEPS; ) {
    const turn = hokm.turn(state);
    if (turn.waitsFor === 'nothing') return;
    const events =
      turn.waitsFor === 'seed' ? hokm.chance(state, seedOf(`${name} ${seeds++}`)) : moved(state, turn.seats, playerOf);
    for (const event of events) {
      const after = hokm.evolve(state, event);
      yield { before: state, event, after };
      steps++;
      state = after;
    }
  }
  throw new Error('the match does not end');
}

function moved(state: State, seats: readonly Seat[], playerOf: (seat: Seat) => Player): readonly Event[] {
  const seat = seats[0];
  if (seat === undefined) throw new Error("it is nobody's turn");
  const decision = hokm.decide(state, seat, playerOf(seat)(hokm.view(state, seat)));
  if (!decision.ok) throw new Error(decision.refusal.message);
  return decision.events;
}
