/** Positions made by hand. Cards are written with blanks between them: "AS TD". */
import type { Card } from '../../src/game/cards.js';
import { sorted } from '../../src/game/cards.js';
import type { Seat } from '../../src/game/game.js';
import type { Command } from '../../src/game/hokm/command.js';
import type { Event } from '../../src/game/hokm/event.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { Options } from '../../src/game/hokm/options.js';
import type { State } from '../../src/game/hokm/rules.js';
import { after } from '../../src/game/hokm/seats.js';
import { emptyTable } from '../../src/game/hokm/table.js';
import { type Trump, tricksOf } from '../../src/game/hokm/trick.js';
import type { View } from '../../src/game/hokm/view.js';
import { commitmentOf } from '../../src/game/shuffle.js';
import { options, seedOf } from './matches.js';

export function cards(text: string): readonly Card[] {
  return text.split(' ').filter((card): card is Card => card !== '');
}

export function seat(number: number): Seat {
  return number as Seat;
}

export function evolved(state: State, ...events: readonly Event[]): State {
  return events.reduce(hokm.evolve, state);
}

/** The state after `command`, which must be allowed, and what it brought about. */
export function done(state: State, by: Seat, command: Command): { state: State; events: readonly Event[] } {
  const decision = hokm.decide(state, by, command);
  if (!decision.ok) throw new Error(decision.refusal.message);
  return { state: evolved(state, ...decision.events), events: decision.events };
}

/** A match whose hakem was dealt `five` and has to name trump. */
export function naming(five: string, given: Partial<Options> = {}, hakem: Seat = seat(0)): State {
  const seed = seedOf('naming');
  return evolved(
    hokm.setup(options(given)),
    { type: 'hakem_drawn', seed: seedOf('draw'), turned: [], hakem },
    { type: 'hand_started', hand: 1, hakem, dealer: after(hakem, 3), commitment: commitmentOf(seed), seed },
    { type: 'first_five_dealt', hakem, cards: sorted(cards(five)) },
  );
}

/** The first trick of a hand with these four hands. */
export function playing(hands: readonly string[], trump: Trump, given: Partial<Options> = {}, hakem = seat(0)): State {
  return evolved(
    naming('', given, hakem),
    { type: 'trump_named', seat: hakem, trump },
    { type: 'rest_dealt', hands: hands.map((hand) => sorted(cards(hand))) },
  );
}

/** Plays on until the hand has ended; `choose` picks among the cards a seat may play. Gives the hand's last events. */
export function finished(
  start: State,
  choose: (legal: readonly Card[], seat: Seat) => Card | undefined,
): { state: State; events: readonly Event[] } {
  let now: { state: State; events: readonly Event[] } = { state: start, events: [] };
  while (now.state.table.phase === 'play' && now.state.table.turn !== null) {
    const turn = now.state.table.turn;
    const legal = hokm.legal(hokm.view(now.state, turn)).flatMap((c) => (c.type === 'play' ? [c.card] : []));
    const card = choose(legal, turn) ?? legal[0];
    if (card === undefined) throw new Error('no card to play');
    now = done(now.state, turn, { type: 'play', card });
  }
  return now;
}

export interface Position {
  readonly trump: Trump;
  readonly hand: string;
  /** Finished tricks, the first led by the hakem, then the cards on the table. */
  readonly tricks?: readonly string[];
  readonly trick?: string;
  readonly hakem?: number;
}

/** What the seat whose turn it is sees. */
export function position({ trump, hand, tricks = [], trick = '', hakem = 0 }: Position): View {
  const before = cards(tricks.join(' '));
  const lead = tricksOf(before, seat(hakem), trump).at(-1)?.winner ?? seat(hakem);
  const lying = cards(trick);
  const turn = after(lead, lying.length);
  const table = emptyTable(options());
  return {
    seat: turn,
    hand: sorted(cards(hand)),
    table: {
      ...table,
      phase: 'play',
      hand: 1,
      hakem: seat(hakem),
      trump,
      turn,
      trick: { leader: lead, cards: lying },
      played: [...before, ...lying],
    },
  };
}
