/** The rules of four-handed Hokm: which events a command or a seed brings about, and the state they lead to. */
import { type Card, cardText, DECK, sorted, suitOf, suitSymbol, without } from '../cards.js';
import type { Decision, Holder, Refusal, Result, Seat, Seed, Turn, Viewer } from '../game.js';
import { commitmentOf, shuffled } from '../shuffle.js';
import type { Command } from './command.js';
import type { Event, HandEnded, Kot, MatchEnded } from './event.js';
import type { Options } from './options.js';
import { added, after, type BySide, opponentsGone, SEATS, type Side, sideOf } from './seats.js';
import { emptyTable, type Table, tableAfter } from './table.js';
import { holder, type Trump, tricksOf } from './trick.js';
import { mayRedeal, type View } from './view.js';

export interface State {
  readonly table: Table;
  /** By seat, sorted. */
  readonly hands: readonly (readonly Card[])[];
  /** Of the hand that is on; secret. */
  readonly seed: Seed | null;
}

const NO_HANDS: readonly (readonly Card[])[] = [[], [], [], []];
const WAITS_FOR_SEED: Turn = { waitsFor: 'seed' };
const WAITS_FOR_NOTHING: Turn = { waitsFor: 'nothing' };
const WAITS_FOR_SEAT: readonly Turn[] = SEATS.map((seat) => ({ waitsFor: 'seats', seats: [seat] }));

export function setup(options: Options): State {
  return { table: emptyTable(options), hands: NO_HANDS, seed: null };
}

export function turn({ table }: State): Turn {
  if (table.phase === 'over') return WAITS_FOR_NOTHING;
  return (table.turn === null ? undefined : WAITS_FOR_SEAT[table.turn]) ?? WAITS_FOR_SEED;
}

export function betweenHands({ table }: State): boolean {
  return table.played.length === 0 || table.phase !== 'play';
}

export function view(state: State, viewer: Viewer): View {
  const hand = viewer === 'spectator' ? [] : (state.hands[viewer] ?? []);
  return { seat: viewer, hand, table: state.table };
}

export function result(state: State): Result | null {
  return state.table.result;
}

/** Throws when the game waits for no seed, and RangeError for a malformed one. */
export function chance({ table }: State, seed: Seed): readonly Event[] {
  if (table.phase === 'draw') return [drawHakem(seed)];
  if (table.phase !== 'shuffle' || table.hakem === null) throw new Error(`no seed is awaited in phase ${table.phase}`);
  const { hand, hakem } = nextHand(table, table.hakem);
  return [
    { type: 'hand_started', hand, hakem, dealer: after(hakem, 3), commitment: commitmentOf(seed), seed },
    { type: 'first_five_dealt', hakem, cards: sorted(packOf(seed, hand).slice(0, 5)) },
  ];
}

export function decide(state: State, seat: Seat, command: Command): Decision<Event> {
  const { table } = state;
  if (table.phase === 'over') return illegal('MATCH_OVER', 'The match is over.');
  if (table.turn === null) return refused('NOT_YOUR_TURN', 'NOT_YOUR_TURN', 'The cards are being dealt.');
  if (table.turn !== seat) return refused('NOT_YOUR_TURN', 'NOT_YOUR_TURN', `It is the turn of seat ${table.turn}.`);
  switch (command.type) {
    case 'name_trump':
      return nameTrump(state, seat, command.trump);
    case 'redeal':
      return redeal(state, seat);
    case 'play':
      return play(state, seat, command.card);
  }
}

/** The match goes to the side that has stayed, at the points that were scored. */
export function forfeit({ table }: State, seat: Seat, holders: readonly Holder[]): Decision<Event> {
  if (table.phase === 'over') return illegal('MATCH_OVER', 'The match is over.');
  if (!opponentsGone(seat, holders)) return illegal('OPPONENT_PRESENT', 'An opponent is still at the table.');
  return { ok: true, events: [matchEnded(table.scores, sideOf(seat))] };
}

export function evolve(state: State, event: Event): State {
  const table = tableAfter(state.table, event);
  switch (event.type) {
    case 'hand_started':
      return { table, hands: NO_HANDS, seed: event.seed };
    case 'first_five_dealt':
      return { table, hands: NO_HANDS.with(event.hakem, event.cards), seed: state.seed };
    case 'rest_dealt':
      return { table, hands: event.hands, seed: state.seed };
    case 'card_played': {
      const hand = without(state.hands[event.seat] ?? [], event.card);
      return { table, hands: state.hands.with(event.seat, hand), seed: state.seed };
    }
    case 'redeal_claimed':
    case 'hand_ended':
      return { table, hands: NO_HANDS, seed: null };
    case 'hakem_drawn':
    case 'trump_named':
    case 'trick_won':
    case 'match_ended':
      return { table, hands: state.hands, seed: state.seed };
  }
}

function drawHakem(seed: Seed): Event {
  const pack = shuffled(DECK, seed, 'hakem');
  const turned = pack.slice(0, pack.findIndex((card) => card.startsWith('A')) + 1);
  return { type: 'hakem_drawn', seed, turned, hakem: after(0 as Seat, turned.length - 1) };
}

/** The same hand after a new deal was claimed; else the next, whose hakem is the old one as long as his side wins. */
function nextHand(table: Table, hakem: Seat): { hand: number; hakem: Seat } {
  const last = table.last_hand;
  if (table.hand > 0 && last?.hand !== table.hand) return { hand: table.hand, hakem };
  const lost = last !== null && last.side !== sideOf(hakem);
  return { hand: table.hand + 1, hakem: lost ? after(hakem, 1) : hakem };
}

function packOf(seed: Seed, hand: number): readonly Card[] {
  return shuffled(DECK, seed, `hand ${hand}`);
}

/** Where in the pack each round of the deal starts, and how many cards it gives to a seat. */
const ROUNDS = [
  { start: 0, size: 5 },
  { start: 20, size: 4 },
  { start: 36, size: 4 },
];

/** All hands, the hakem served first in each round. */
function dealt(pack: readonly Card[], hakem: Seat): readonly (readonly Card[])[] {
  return SEATS.map((seat) => {
    const place = (seat - hakem) & 3;
    return sorted(ROUNDS.flatMap(({ start, size }) => pack.slice(start + place * size, start + (place + 1) * size)));
  });
}

function nameTrump({ table, seed }: State, seat: Seat, trump: Trump): Decision<Event> {
  if (table.phase !== 'trump' || seed === null) return illegal('TRUMP_ALREADY_NAMED', 'Trump is already named.');
  if (trump.length > 1 && !table.options.trump_modes.some((mode) => mode === trump)) {
    return illegal('MODE_NOT_ALLOWED', `This room does not play ${trump}.`);
  }
  return {
    ok: true,
    events: [
      { type: 'trump_named', seat, trump },
      { type: 'rest_dealt', hands: dealt(packOf(seed, table.hand), seat) },
    ],
  };
}

function redeal({ table, hands, seed }: State, seat: Seat): Decision<Event> {
  const cards = hands[seat] ?? [];
  if (!table.options.redeal_right) return illegal('REDEAL_NOT_ALLOWED', 'This room has no right to a new deal.');
  if (table.phase !== 'trump' || seed === null) return illegal('REDEAL_NOT_ALLOWED', 'Trump is already named.');
  if (table.redealt) return illegal('REDEAL_NOT_ALLOWED', 'A new deal can be had once a hand.');
  if (!mayRedeal(table, cards)) return illegal('REDEAL_NOT_ALLOWED', 'You hold a card above ten.');
  return { ok: true, events: [{ type: 'redeal_claimed', seat, cards, seed }] };
}

function play(state: State, seat: Seat, card: Card): Decision<Event> {
  const { table, hands, seed } = state;
  const { hakem, trick, trump } = table;
  if (table.phase !== 'play' || hakem === null || trump === null || trick === null || seed === null) {
    return illegal('TRUMP_NOT_NAMED', `Name trump before you play ${cardText(card)}.`);
  }
  const hand = hands[seat] ?? [];
  if (!hand.includes(card)) return illegal('CARD_NOT_HELD', `You do not hold ${cardText(card)}.`);
  const led = trick.cards[0];
  if (led !== undefined && suitOf(card) !== suitOf(led) && hand.some((held) => suitOf(held) === suitOf(led))) {
    return illegal('MUST_FOLLOW_SUIT', `You must follow ${suitSymbol(suitOf(led))}.`);
  }
  const played: Event = { type: 'card_played', seat, card };
  if (trick.cards.length < 3) return { ok: true, events: [played] };

  const winner = holder({ leader: trick.leader, cards: [...trick.cards, card] }, trump);
  const won: Event = { type: 'trick_won', seat: winner };
  const tricks = added(table.tricks, sideOf(winner), 1);
  if (!isDecided(tricks, table.options)) return { ok: true, events: [played, won] };

  const kot = kotOf(tricksOf([...table.played, card], hakem, trump), hakem, trump);
  const left = hands.with(seat, without(hand, card));
  const side: Side = tricks[0] > tricks[1] ? 0 : 1;
  const ended: HandEnded = { type: 'hand_ended', side, tricks, points: POINTS[kot], kot, seed, left };
  const scores = added(table.scores, side, ended.points);
  return { ok: true, events: [played, won, ended, ...matchEnd(scores, side, table.options)] };
}

const POINTS: Readonly<Record<Kot, number>> = { none: 1, kot: 2, hakem_kot: 3 };

function isDecided(tricks: BySide, options: Options): boolean {
  return options.play_all_tricks ? tricks[0] + tricks[1] === 13 : Math.max(...tricks) === 7;
}

/** Looks at the first seven tricks, so that playing all thirteen changes no points. */
function kotOf(tricks: readonly { readonly winner: Seat }[], hakem: Seat, trump: Trump): Kot {
  const sides = new Set(tricks.slice(0, 7).map((trick) => sideOf(trick.winner)));
  if (trump.length > 1 || sides.size > 1) return 'none';
  return sides.has(sideOf(hakem)) ? 'kot' : 'hakem_kot';
}

function matchEnd(scores: BySide, side: Side, options: Options): Event[] {
  return scores[side] < options.target_points ? [] : [matchEnded(scores, side)];
}

function matchEnded(scores: BySide, side: Side): MatchEnded {
  const winners = SEATS.filter((seat) => sideOf(seat) === side);
  return { type: 'match_ended', winners, points: SEATS.map((seat) => scores[sideOf(seat)]) };
}

function illegal(reason: string, message: string): Decision<Event> {
  return refused('ILLEGAL_MOVE', reason, message);
}

function refused(code: Refusal['code'], reason: string, message: string): Decision<Event> {
  return { ok: false, refusal: { code, reason, message } };
}
