/** What happened, as one sentence for the table's log. */
import type { Card } from '../../game/cards.js';
import type { Seat, Typed } from '../../game/game.js';
import type { PublicEvent } from '../../game/hokm/event.js';
import { added, type Side, sideOf } from '../../game/hokm/seats.js';
import type { Phrase } from '../../protocol/client-in.js';
import type { RoomView, Said } from '../../protocol/client-out.js';
import type { RoomEvent } from '../fold.js';
import { cardIn, trumpIn } from './card-text.js';
import { capital, does, gameOf, nameOf, sideName } from './names.js';
import type { Paint } from './paint.js';

/** The sentence for `event`, or undefined when nobody needs one. `view` is the viewer's before the event. */
export function eventText(event: Typed, view: RoomView, paint: Paint): string | undefined {
  const shown = event as RoomEvent | PublicEvent;
  switch (shown.type) {
    case 'seat_taken':
      return `${shown.name} sits down on seat ${shown.seat}.`;
    case 'seat_left':
      return `${does(view, shown.seat, 'leave')} the table.`;
    case 'seat_changed':
      return `${does(view, shown.from, 'move')} to seat ${shown.to}.`;
    case 'swap_wished':
      if (shown.to === null) return `${does(view, shown.from, 'want')} to stay where they are.`;
      return `${does(view, shown.from, 'would like', 'would like')} to change places with ${nameOf(view, shown.to)}.`;
    case 'seats_swapped': {
      const [one, other] = shown.seats;
      return `${capital(nameOf(view, one))} and ${nameOf(view, other)} have changed places.`;
    }
    case 'host_changed':
      return shown.seat === null ? undefined : `${does(view, shown.seat, 'are', 'is')} the host.`;
    case 'match_started':
      return paint.bold(`Match ${shown.match} starts.`);
    case 'turn_timed_out':
      return `${capital(whose(view, shown.seat))} time is up: a card is played.`;
    case 'bot_substituted':
      return `${does(view, shown.seat, 'are', 'is')} away: a bot plays on.`;
    case 'player_returned':
      return `${does(view, shown.seat, 'are', 'is')} back.`;
    case 'clock_moved':
      if (shown.by_ms < 0) return 'The table has come to a server with another clock; the time left is the same.';
      return `The clocks stood for ${Math.round(shown.by_ms / 1000)} s; the time is given back.`;
    case 'room_closed':
      return 'The room is closed.';
    case 'hakem_drawn':
      return `${does(view, shown.hakem, 'get')} the first ace (${cardOrNone(shown.turned.at(-1), paint)}).`;
    case 'hand_started':
      return `Hand ${shown.hand}: ${nameOf(view, shown.hakem)} ${shown.hakem === view.seat ? 'are' : 'is'} hakem.`;
    case 'redeal_claimed':
      return `${does(view, shown.seat, 'have', 'has')} no card above ten: new deal.`;
    case 'trump_named':
      return `${does(view, shown.seat, 'name')} trump: ${paint.bold(trumpIn(shown.trump, paint))}.`;
    case 'card_played': {
      const leads = (gameOf(view)?.table.trick?.cards.length ?? 0) === 0;
      return `${does(view, shown.seat, leads ? 'lead' : 'play')} ${cardIn(shown.card, paint)}`;
    }
    case 'trick_won': {
      const own = view.seat === null ? 0 : sideOf(view.seat);
      const tricks = added(gameOf(view)?.table.tricks ?? [0, 0], sideOf(shown.seat), 1);
      return `${does(view, shown.seat, 'take')} the trick; ${tricks[own]}:${tricks[1 - own]}.`;
    }
    case 'hand_ended':
      return paint.bold(handEnded(shown, view));
    case 'match_ended': {
      const side = sideOf(shown.winners[0] ?? (0 as Seat));
      const [won, lost] = [shown.points[side], shown.points[1 - side]];
      return paint.bold(`The match is over: ${sideName(view, side)} win ${won}:${lost}.`);
    }
    case 'first_five_dealt':
    case 'rest_dealt':
      return undefined;
  }
}

function handEnded(event: Extract<PublicEvent, { type: 'hand_ended' }>, view: RoomView): string {
  const { side, tricks, points, kot } = event;
  const other = side === 0 ? 1 : 0;
  const score = `${capital(sideName(view, side))} win the hand ${tricks[side]}:${tricks[other]}. +${points}`;
  if (kot === 'none') return `${score}.`;
  const what = tricks[other] === 0 ? 'no trick' : 'none of the first seven tricks';
  return `${score} ${kot === 'kot' ? 'kot' : 'hakem-kot'}! ${losers(view, other)} took ${what}.`;
}

function losers(view: RoomView, side: Side): string {
  if (view.seat === null) return sideName(view, side);
  return sideOf(view.seat) === side ? 'You' : 'They';
}

function whose(view: RoomView, seat: Seat): string {
  return seat === view.seat ? 'your' : `${nameOf(view, seat)}'s`;
}

const cardOrNone = (card: Card | undefined, paint: Paint) => (card === undefined ? '' : cardIn(card, paint));

const EMOTES: Readonly<Partial<Record<Phrase, readonly [string, string]>>> = {
  emote_laugh: ['laugh', 'laughs'],
  emote_cry: ['cry', 'cries'],
  emote_think: ['think', 'thinks'],
  emote_clap: ['clap', 'claps'],
  emote_angry: ['are angry', 'is angry'],
  emote_heart: ['send a heart ♥', 'sends a heart ♥'],
};

/** What a player says. */
export function saidText(said: Said, view: RoomView): string {
  const { seat } = said;
  if ('text' in said) return `${capital(nameOf(view, seat))}: “${said.text}”`;
  const { phrase } = said;
  const emote = EMOTES[phrase];
  if (emote) return does(view, seat, ...emote);
  return `${capital(nameOf(view, seat))}: “${capital(phrase.replaceAll('_', ' '))}.”`;
}
