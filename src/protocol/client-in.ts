/** Everything a client may send over its WebSocket. `docs` of the wire: src/protocol/README.md. */
import { z } from 'zod';
import type { Seat } from '../game/seat.js';
import type { CommandId, Digest, Epoch, Seq } from './ids.js';
import { isVisible } from './names.js';
import {
  ABILITIES,
  isRoomCommand,
  PHRASES,
  type Phrase,
  PROTOCOL_VERSION,
  type ROOM_COMMANDS,
  type Talk,
} from './vocabulary.js';

export { ABILITIES, isRoomCommand, PHRASES, type Phrase, PROTOCOL_VERSION };

const MAX_SEAT = 7;
const seat = z
  .int()
  .min(0)
  .max(MAX_SEAT)
  .transform((value) => value as Seat);

/** Letters, digits and signs of ASCII, with single spaces between. */
const PLAIN_WORDS = /^[!-~]+(?: [!-~]+)*$/;
/** Whether there is nothing to be cleaned. */
const isPlain = (text: string, shown: number): boolean => text.length <= shown && PLAIN_WORDS.test(text);

/**
 * One line for other people's eyes, of `shown` characters at most: control and bidirectional formatting characters are
 * taken out, marks that would pile up too, runs of white space become one space.
 */
const line = (longest: number, shown: number) =>
  z
    .string()
    .max(longest)
    .transform((text) => {
      if (isPlain(text, shown)) return text;
      const clean = text
        .normalize('NFC')
        .replace(/\p{Cc}/gu, ' ')
        // What cannot be seen leaves no gap either; the non-joiner is part of Persian spelling.
        .replace(/[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, (found) => (found === '\u200c' ? found : ''))
        .replace(/(\p{M}{3})\p{M}+/gu, '$1')
        .replace(/\s+/g, ' ')
        .trim();
      return [...clean].slice(0, shown).join('').trim();
    })
    .refine(isVisible, 'must have at least one visible character');

const NAME_SHOWN = 20;
const playerName = line(200, NAME_SHOWN);
const talkText = line(500, 120);

const COMMAND_ID = /^[1-9]\d{0,8}-[0-9A-Za-z_]{1,16}$/;
const commandId = z
  .string()
  .regex(COMMAND_ID, 'expected COUNTER-NONCE, as 12-k3x9')
  .transform((id) => id as CommandId);

const CLIENT_ID = /^[0-9A-Za-z_-]{8,64}$/;
const PROPOSED_TOKEN = /^[0-9A-Za-z_-]{22,64}$/;
const MAX_TOKEN = 64;

export const helloSchema = z.strictObject({
  type: z.literal('hello'),
  v: z.int(),
  name: playerName.optional(),
  /** Random and kept by the client: a second socket with the same id replaces the first without a word. */
  client_id: z.string().regex(CLIENT_ID),
  token: z.string().max(MAX_TOKEN).optional(),
  /** The token that a newcomer would like: a hello sent again because no welcome came then finds its seat. */
  proposed_token: z.string().regex(PROPOSED_TOKEN).optional(),
  seat: seat.optional(),
  spectate: z.boolean().optional(),
  /** The client opens a new connection when it is told `moving`, and closes this one itself. */
  moves: z.boolean().optional(),
  resume: z
    .strictObject({
      epoch: z
        .int()
        .min(0)
        .transform((value) => value as Epoch),
      seq: z
        .int()
        .min(0)
        .transform((value) => value as Seq),
      digest: z
        .string()
        .max(32)
        .transform((value) => value as Digest),
    })
    .optional(),
});

/** Commands that every room knows, whatever is played in it. Every other command type is the game's. */
export const roomCommandSchema = z.discriminatedUnion('type', [
  /** Starts a match, the first or another one. */
  z.strictObject({ type: z.literal('start'), fill_with_bots: z.boolean().default(false) }),
  z.strictObject({ type: z.literal('choose_seat'), seat }),
  /** Wishes to change places with another player, `null`: no more. Two who wish it of each other do. */
  z.strictObject({ type: z.literal('swap_seats'), seat: seat.nullable() }),
  z.strictObject({ type: z.literal('add_bot'), seat }),
  z.strictObject({ type: z.literal('kick'), seat }),
  z.strictObject({ type: z.literal('leave') }),
  /** Ends the match in favour of the sender, whose opponents have left it. */
  z.strictObject({ type: z.literal('claim_forfeit') }),
]);

const MAX_COMMAND_TYPE = 32;
const commandSchema = z.strictObject({
  type: z.literal('command'),
  id: commandId,
  command: z.looseObject({ type: z.string().max(MAX_COMMAND_TYPE) }),
  /** The turn that a command of the game is meant for, as it was told. */
  for: z
    .int()
    .min(1)
    .transform((value) => value as Seq)
    .optional(),
});

export const commandRequestSchema = commandSchema.omit({ type: true });

const saySchema = z
  .strictObject({ type: z.literal('say'), phrase: z.enum(PHRASES).optional(), text: talkText.optional() })
  .refine(({ phrase, text }) => (phrase === undefined) !== (text === undefined), 'needs either a phrase or a text')
  .transform(({ type, phrase, text = '' }) => ({
    type,
    talk: (phrase ? { phrase } : { text }) satisfies Talk as Talk,
  }));
const pingSchema = z.strictObject({ type: z.literal('ping') });

export const messagesIn = { hello: helloSchema, command: commandSchema, say: saySchema, ping: pingSchema };

export type Hello = z.output<typeof helloSchema>;
export type CommandFrame = z.output<typeof commandSchema>;
export type RoomCommand = z.output<typeof roomCommandSchema> & { readonly type: (typeof ROOM_COMMANDS)[number] };
export type ClientIn = Hello | CommandFrame | z.output<typeof saySchema> | z.output<typeof pingSchema>;
/** What a client writes: the frames before defaults and cleaning. */
export type ClientFrame = z.input<(typeof messagesIn)[keyof typeof messagesIn]>;

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: 'BAD_FRAME' | 'UNKNOWN_MESSAGE' | 'VERSION_UNSUPPORTED';
      readonly detail: string;
      readonly id?: string;
    };

/** Parses one text frame. Never throws. */
export function parseClientFrame(text: string): Parsed<ClientIn> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, code: 'BAD_FRAME', detail: 'The message is not JSON.' };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { ok: false, code: 'BAD_FRAME', detail: 'The message is not a JSON object.' };
  }
  const { type, id, v } = json as { type?: unknown; id?: unknown; v?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(messagesIn, type)) {
    return { ok: false, code: 'UNKNOWN_MESSAGE', detail: `There is no message of the type ${shown(type)}.` };
  }
  // Before the shape: what else a hello of another version holds is not known here.
  if (type === 'hello' && Number.isInteger(v) && v !== PROTOCOL_VERSION) {
    return { ok: false, code: 'VERSION_UNSUPPORTED', detail: '' };
  }
  if (isCommandFrame(json) || isPlainHello(json)) return { ok: true, value: json };
  const parsed = messagesIn[type as keyof typeof messagesIn].safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const detail = firstIssue(parsed.error);
  return { ok: false, code: 'BAD_FRAME', detail, ...(typeof id === 'string' && id.length <= 32 ? { id } : {}) };
}

/**
 * What `commandSchema` says of a frame that is in order, at a tenth of its price: nearly every message is one. A test
 * holds the two together; of what is not in order the schema says why.
 */
function isCommandFrame(json: object): json is CommandFrame {
  const { type, id, command, for: turn } = json as { type?: unknown; id?: unknown; command?: unknown; for?: unknown };
  if (type !== 'command' || typeof id !== 'string' || !COMMAND_ID.test(id)) return false;
  if (typeof command !== 'object' || command === null || Array.isArray(command)) return false;
  // The schema takes it out.
  if (Object.hasOwn(command, '__proto__')) return false;
  const { type: inner } = command as { type?: unknown };
  if (typeof inner !== 'string' || inner.length > MAX_COMMAND_TYPE) return false;
  const fields = Object.keys(json).length;
  return fields === 3 || (fields === 4 && Number.isSafeInteger(turn) && (turn as number) > 0);
}

/** The same for `helloSchema`, of a hello that it leaves as it is. */
function isPlainHello(json: object): json is Hello {
  const { type, v, client_id } = json as { type?: unknown; v?: unknown; client_id?: unknown };
  if (type !== 'hello' || v !== PROTOCOL_VERSION || typeof client_id !== 'string') return false;
  return Object.entries(json).every(([field, value]) => {
    switch (field) {
      case 'type':
      case 'v':
        return true;
      case 'client_id':
        return CLIENT_ID.test(value);
      case 'name':
        return typeof value === 'string' && isPlain(value, NAME_SHOWN);
      case 'token':
        return typeof value === 'string' && value.length <= MAX_TOKEN;
      case 'proposed_token':
        return typeof value === 'string' && PROPOSED_TOKEN.test(value);
      case 'seat':
        return Number.isInteger(value) && value >= 0 && value <= MAX_SEAT;
      case 'spectate':
      case 'moves':
        return typeof value === 'boolean';
      default:
        return false;
    }
  });
}

/** Parses a command that `isRoomCommand`. */
export function parseRoomCommand(command: unknown): RoomCommand | { readonly detail: string } {
  const parsed = roomCommandSchema.safeParse(command);
  return parsed.success ? parsed.data : { detail: firstIssue(parsed.error) };
}

/** One line that names the first thing wrong and where. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  return `${path ? `${path}: ` : ''}${issue?.message ?? 'not valid'}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 32)) : 'given';
}
