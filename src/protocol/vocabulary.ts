/** What clients need of the protocol at run time. Apart from the schemas, which would bring their parser into browsers. */

export const PROTOCOL_VERSION = 1;

/**
 * What this server takes beyond the first release of the version, told in `welcome`: an older one refuses a frame with a
 * field that it does not know. `for`: a command may name its turn.
 */
export const ABILITIES = ['for'] as const;

/** Commands that every room knows, whatever is played in it. Every other command type is the game's. */
export const ROOM_COMMANDS = [
  'start',
  'choose_seat',
  'swap_seats',
  'add_bot',
  'kick',
  'leave',
  'claim_forfeit',
] as const;

const roomCommands: ReadonlySet<string> = new Set(ROOM_COMMANDS);

/** Whether a command type belongs to the room; all others are the game's. */
export const isRoomCommand = (type: string): boolean => roomCommands.has(type);

/** What players can say without typing; the client shows them in its own language. */
export const PHRASES = [
  'hello',
  'good_luck',
  'well_played',
  'thanks',
  'sorry',
  'hurry_up',
  'one_moment',
  'good_game',
  'bye',
  'emote_laugh',
  'emote_cry',
  'emote_think',
  'emote_clap',
  'emote_angry',
  'emote_heart',
] as const;
/** A phrase that every client shows in its own language. */
export type Phrase = (typeof PHRASES)[number];

/** Said to the table: a phrase, which every client tells in its own language, or words of one's own. */
export type Talk = { readonly phrase: Phrase } | { readonly text: string };

/** What happens to a room whatever is played in it. All other events are the game's. */
const ROOM_EVENTS = [
  'seat_taken',
  'seat_left',
  'seat_changed',
  'swap_wished',
  'seats_swapped',
  'host_changed',
  'match_started',
  'turn_timed_out',
  'bot_substituted',
  'player_returned',
  'clock_moved',
  'room_closed',
] as const;
export type RoomEventType = (typeof ROOM_EVENTS)[number];

const roomEvents: ReadonlySet<string> = new Set(ROOM_EVENTS);

export const isRoomEventType = (type: string): type is RoomEventType => roomEvents.has(type);
