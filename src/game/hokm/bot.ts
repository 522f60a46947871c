/**
 * The rule bot: plays from one seat's view, without chance and without looking ahead, as a sound club player would.
 * It takes a few microseconds and serves for absent players too. Runs in browsers too.
 */
import { type Card, rankOf, SUITS, type Suit, suitOf } from '../cards.js';
import type { Command } from './command.js';
import { isSuit, Memory } from './memory.js';
import { after, sideOf } from './seats.js';
import { beats, holder, playable, type Trick } from './trick.js';
import { mayRedeal, type View } from './view.js';

/** Throws when it is not the turn of the view's seat. */
export function bot(view: View): Command {
  const { table, seat, hand } = view;
  const { hakem, trump, trick } = table;
  if (seat === 'spectator' || seat !== table.turn || hakem === null)
    throw new Error('the bot is asked on its turn only');
  if (table.phase === 'trump' || trump === null || trick === null) return speak(view);
  const only = soleCard(playable(hand, trick.cards[0]));
  if (only !== undefined) return { type: 'play', card: only };
  const memory = new Memory(view, seat, hakem, trump);
  return { type: 'play', card: trick.cards.length === 0 ? lead(memory) : follow(memory, trick) };
}

function soleCard(cards: readonly Card[]): Card | undefined {
  return cards.length === 1 ? cards[0] : undefined;
}

/** The longest suit; a new deal rather than a suit of three without an honour. */
function speak({ table, hand }: View): Command {
  const value = (suit: Suit): number => {
    const cards = ofSuit(hand, suit);
    const honours = cards.reduce((sum, card) => sum + Math.max(0, rankOf(card) - 8), 0);
    const pips = cards.reduce((sum, card) => sum + rankOf(card), 0);
    return cards.length * 10_000 + honours * 100 + pips;
  };
  const trump = best(SUITS, value) ?? 'S';
  if (mayRedeal(table, hand) && ofSuit(hand, trump).length < 4) return { type: 'redeal' };
  return { type: 'name_trump', trump };
}

/** The first rule that names a card decides. */
function lead(memory: Memory): Card {
  return (
    drawTrumps(memory) ??
    cashWinner(memory) ??
    leadToPartnersRuff(memory) ??
    returnPartnersLead(memory) ??
    leadFromLength(memory) ??
    weakestOf(memory, memory.hand)
  );
}

/** A master of trumps while the opponents hold some and we are longer than they can be expected to be. */
function drawTrumps(memory: Memory): Card | undefined {
  const { trump, hand } = memory;
  if (!isSuit(trump) || !memory.opponents.some((seat) => memory.mayHold(seat, trump))) return undefined;
  const trumps = ofSuit(hand, trump);
  const top = memory.strongest(trumps);
  if (top === undefined || !memory.isMaster(top)) return undefined;
  const unseen = memory.unseenOf(trump);
  const partners = memory.mayHold(memory.partner, trump) ? unseen / 3 : 0;
  return trumps.length + partners > unseen - partners ? memory.weakestEqual(top) : undefined;
}

/** A card that wins by all that is known, from the suit that most others can still follow. */
function cashWinner(memory: Memory): Card | undefined {
  const winners = memory.hand.filter((card) => {
    const suit = suitOf(card);
    if (suit === memory.trump || !memory.isMaster(card)) return false;
    return !memory.opponents.some((seat) => memory.mayRuff(seat, suit));
  });
  const card = best(winners, (winner) => memory.unseenOf(suitOf(winner)));
  return card && memory.weakestEqual(card);
}

/** A low card of a suit that the partner is out of and the opponents still follow. */
function leadToPartnersRuff(memory: Memory): Card | undefined {
  const suit = best(
    sideSuits(memory).filter(
      (side) =>
        memory.mayRuff(memory.partner, side) && !memory.opponents.some((opponent) => memory.mayRuff(opponent, side)),
    ),
    (side) => memory.unseenOf(side),
  );
  return suit && memory.weakest(ofSuit(memory.hand, suit));
}

/** The suit the partner led last: high from two, so as not to block it, low from more. */
function returnPartnersLead(memory: Memory): Card | undefined {
  const led = memory.tricks.findLast((trick) => trick.leader === memory.partner)?.cards[0];
  if (led === undefined || suitOf(led) === memory.trump) return undefined;
  const suit = suitOf(led);
  const cards = ofSuit(memory.hand, suit);
  if (cards.length === 0 || memory.opponents.some((seat) => memory.mayRuff(seat, suit))) return undefined;
  return cards.length <= 2 ? memory.strongest(cards) : memory.weakest(cards);
}

/** The lowest of the longest side suit that no opponent is known to ruff, if there is one; else of any side suit. */
function leadFromLength(memory: Memory): Card | undefined {
  const suits = sideSuits(memory);
  const safe = suits.filter((suit) => !memory.opponents.some((seat) => memory.mayRuff(seat, suit)));
  const suit = best(safe.length > 0 ? safe : suits, (side) => ofSuit(memory.hand, side).length);
  return suit && memory.weakest(ofSuit(memory.hand, suit));
}

/**
 * Nothing on a trick that is lost or sure to be the partner's; else the cheapest card that keeps it by all that is known.
 * Failing that, a low ruff; second hand low; third hand high.
 */
function follow(memory: Memory, trick: Trick): Card {
  const { trump, seat } = memory;
  const holding = holder(trick, trump);
  const high = trick.cards[(holding - trick.leader) & 3] ?? weakestOf(memory, trick.cards);
  const led = suitOf(trick.cards[0] ?? high);
  const last = trick.cards.length === 3;
  const keeps = (card: Card): boolean => last || memory.holdsAgainst(after(seat, 1), card, led);
  const partners = sideOf(holding) === sideOf(seat);
  const cards = playable(memory.hand, trick.cards[0]);
  const winners = cards.filter((card) => beats(card, high, trump));
  if (winners.length === 0 || (partners && keeps(high))) return giveUp(memory, cards);

  const sure = memory.weakest(winners.filter(keeps));
  if (sure !== undefined) return sure;
  if (!winners.some((card) => suitOf(card) === led)) return weakestOf(memory, winners);
  if (trick.cards.length === 1) return giveUp(memory, cards);
  const top = memory.strongest(winners) ?? high;
  return partners && !liesBetween(memory, high, top) ? giveUp(memory, cards) : memory.weakestEqual(top);
}

/** Whether somebody else holds a card that beats `low` and not `top`: only then is `top` worth playing over `low`. */
function liesBetween({ unseen, trump }: Memory, low: Card, top: Card): boolean {
  return unseen.some((card) => beats(card, low, trump) && beats(top, card, trump));
}

/** The card that costs least: the lowest of the suit led, or a discard from the shortest weak suit, trumps last. */
function giveUp(memory: Memory, cards: readonly Card[]): Card {
  const side = cards.filter((card) => suitOf(card) !== memory.trump);
  const suits = SUITS.filter((suit) => side.some((card) => suitOf(card) === suit));
  const weak = suits.filter((suit) => !ofSuit(side, suit).some((card) => memory.isMaster(card)));
  const suit = best(weak.length > 0 ? weak : suits, (candidate) => -ofSuit(side, candidate).length);
  return weakestOf(memory, suit === undefined ? cards : ofSuit(side, suit));
}

/** Suits held, other than trumps. */
function sideSuits({ hand, trump }: Memory): readonly Suit[] {
  return SUITS.filter((suit) => suit !== trump && hand.some((card) => suitOf(card) === suit));
}

function ofSuit(cards: readonly Card[], suit: Suit): readonly Card[] {
  return cards.filter((card) => suitOf(card) === suit);
}

/** The first of the items with the greatest value. */
function best<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let chosen: T | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const worth = value(item);
    if (worth <= most) continue;
    chosen = item;
    most = worth;
  }
  return chosen;
}

function weakestOf(memory: Memory, cards: readonly Card[]): Card {
  const card = memory.weakest(cards);
  if (card === undefined) throw new Error('no card to choose from');
  return card;
}
