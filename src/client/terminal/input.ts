/** What a typed line means. PURE. */
import type { Seat } from '../../game/game.js';
import { PHRASES, type Phrase } from '../../protocol/client-in.js';
import type { RoomView } from '../../protocol/client-out.js';
import type { TableState } from '../table.js';
import { type Mistake, type Move, parseMove } from './move-input.js';

export type RoomMove =
  | { readonly type: 'start'; readonly fill_with_bots: boolean }
  | { readonly type: 'choose_seat' | 'add_bot' | 'kick' | 'swap_seats'; readonly seat: number }
  | { readonly type: 'claim_forfeit' };

export type Intent =
  | { readonly kind: 'nothing' | 'help' | 'last' | 'proof' | 'leave' | 'quit' }
  | { readonly kind: 'command'; readonly command: RoomMove | Move }
  | { readonly kind: 'say'; readonly words: Phrase | { readonly text: string } }
  /** A sentence for the player. */
  | Mistake;

export const mistake = (message: string): Intent => ({ kind: 'mistake', message });
const command = (given: RoomMove | Move): Intent => ({ kind: 'command', command: given });

export function parseLine(line: string, state: TableState): Intent {
  const text = latinDigits(line).trim().toLowerCase();
  const [word = '', ...rest] = text.split(/\s+/);
  const argument = rest.join(' ');
  const { view } = state;
  switch (word) {
    case '':
      return { kind: 'nothing' };
    case 'help':
    case '?':
      return { kind: 'help' };
    case 'last':
    case 'proof':
      return { kind: word };
    case 'quit':
    case 'exit':
      return { kind: 'quit' };
  }
  if (!view) return mistake('The table is not there yet.');
  switch (word) {
    case 'start':
    case 'bots':
      return start(view, word === 'bots');
    case 'seat':
      return seated(view) ?? between(view) ?? onSeat(view, argument, 'choose_seat');
    case 'bot':
      return seated(view) ?? hostOnly(view) ?? onSeat(view, argument, 'add_bot');
    case 'kick':
      return seated(view) ?? hostOnly(view) ?? onSeat(view, argument, 'kick');
    case 'swap':
      return seated(view) ?? between(view) ?? onSeat(view, argument, 'swap_seats');
    case 'claim':
      return seated(view) ?? command({ type: 'claim_forfeit' });
    case 'say':
      return seated(view) ?? say(argument, line.trim().replace(/^\S+\s*/, ''));
    case 'leave':
      return seated(view) ?? { kind: 'leave' };
  }
  const move = seated(view) ?? parseMove(text, state, view);
  return 'kind' in move ? move : command(move);
}

function start(view: RoomView, fill: boolean): Intent {
  const no = seated(view) ?? hostOnly(view) ?? between(view);
  if (no) return no;
  const empty = view.seats.flatMap((seat, at) => (seat === null ? [at] : []));
  if (empty.length > 0 && !fill) {
    const which = empty.length === 1 ? `Seat ${empty[0]} is empty` : `Seats ${empty.join(', ')} are empty`;
    return mistake(`${which}: wait for friends, or type bots to let bots play there.`);
  }
  return command({ type: 'start', fill_with_bots: fill });
}

function onSeat(view: RoomView, argument: string, type: 'choose_seat' | 'add_bot' | 'kick' | 'swap_seats'): Intent {
  const seat = Number(argument);
  if (argument === '' || !Number.isInteger(seat) || seat < 0 || seat >= view.seats.length) {
    return mistake(`Which seat? One of 0 to ${view.seats.length - 1}.`);
  }
  const sitting = view.seats[seat] ?? null;
  if (seat === view.seat) return mistake('That is your own seat.');
  if (type === 'kick' && sitting === null) return mistake(`Nobody sits on seat ${seat}.`);
  if (type === 'swap_seats' && (sitting === null || sitting.bot)) {
    return mistake(`Nobody has to be asked for seat ${seat}: type seat ${seat}.`);
  }
  if (type === 'add_bot' && sitting !== null) return mistake(`Seat ${seat} is taken by ${sitting.name}.`);
  if (type === 'choose_seat' && sitting !== null && !sitting.bot) {
    return mistake(`Seat ${seat} is taken by ${sitting.name}.`);
  }
  return command({ type, seat });
}

/** A phrase, which others hear in their own language, or else what was typed. */
function say(argument: string, typed: string): Intent {
  const wished = argument.replace(/[^a-z]+/g, '_').replace(/^_|_$/g, '');
  const phrase = PHRASES.find((known) => known === wished || known === `emote_${wished}`);
  if (phrase) return { kind: 'say', words: phrase };
  if (argument !== '') return { kind: 'say', words: { text: typed } };
  const known = PHRASES.map((each) => each.replace('emote_', '').replaceAll('_', ' '));
  return mistake(`Say something of your own, or one of: ${known.join(', ')}.`);
}

const seated = (view: RoomView): Intent | undefined =>
  view.seat === null ? mistake('You are watching; only players at the table can do this.') : undefined;

function hostOnly(view: RoomView): Intent | undefined {
  if (view.host === view.seat) return undefined;
  const host = view.host === null ? undefined : view.seats[view.host as Seat];
  return mistake(`Only the host${host ? `, ${host.name},` : ''} can do this.`);
}

const between = (view: RoomView): Intent | undefined =>
  view.status === 'playing' ? mistake('This can be done only between matches.') : undefined;

/** Persian and Arabic digits as 0 to 9. */
function latinDigits(text: string): string {
  return text.replace(/[\u06f0-\u06f9\u0660-\u0669]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 15));
}
