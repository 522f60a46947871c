/** What servers send, as schemas: for the descriptions alone, as nobody checks it at run time. The compiler holds it to the types. */
import { z } from 'zod';
import type { ClientOut } from '../client-out.js';
import { PHRASES } from '../vocabulary.js';

/** Clients ignore fields that they do not know: none of these is closed. */
const object = z.object;
const seat = z.int().min(0).max(7);
const seq = z.int().min(0);
const time = z.number().describe('ms since 1970, cluster time');
const typed = object({ type: z.string() });

const cursor = { epoch: z.int().min(0), seq, digest: z.string() };
const turn = {
  deadline: time.nullable(),
  legal: z.array(z.unknown()).readonly().optional(),
  turn: seq.optional(),
};
const presence = { seats: z.array(z.boolean()).readonly(), spectators: z.int().min(0) };

export const viewSchema = object({
  room: z.string(),
  game: z.string(),
  options: z.unknown(),
  turn_ms: z.number(),
  status: z.enum(['lobby', 'playing', 'finished', 'closed']),
  host: seat.nullable(),
  seat: seat.nullable(),
  seats: z
    .array(
      object({
        name: z.string(),
        bot: z.boolean(),
        substituted: z.boolean(),
        waits: z.boolean().optional(),
      }).nullable(),
    )
    .readonly(),
  match: z.int().min(0),
  swaps: z.array(object({ from: seat, to: seat })).readonly(),
  deserted: z.array(seat).readonly(),
  table: z.unknown(),
});

export const errorFields = {
  code: z.string(),
  message: z.string().describe('English, for people; decide by code'),
  retry: z.boolean(),
  id: z.string().optional(),
  reason: z.string().optional(),
};

export const messagesOut = {
  welcome: object({
    type: z.literal('welcome'),
    v: z.int(),
    room: z.string(),
    seat: seat.nullable(),
    token: z.string().optional(),
    last_command: z.int().min(0),
    resumed: z.boolean(),
    accepts: z.array(z.string()).readonly().optional(),
    now: time,
    presence: object(presence),
    view: viewSchema.optional(),
    ...cursor,
    ...turn,
  }),
  event: object({ type: z.literal('event'), at: time, events: z.array(typed).readonly(), ...cursor, ...turn }),
  snapshot: object({ type: z.literal('snapshot'), now: time, view: viewSchema, ...cursor, ...turn }),
  ack: object({ type: z.literal('ack'), id: z.string(), seq }),
  error: object({ type: z.literal('error'), ...errorFields }),
  presence: object({ type: z.literal('presence'), ...presence }),
  notice: object({ type: z.literal('notice'), kind: z.enum(['frozen', 'resumed', 'moving']) }),
  said: z.union([
    object({ type: z.literal('said'), seat, phrase: z.enum(PHRASES) }),
    object({ type: z.literal('said'), seat, text: z.string() }),
  ]),
  pong: object({ type: z.literal('pong'), now: time }),
} satisfies Record<ClientOut['type'], z.ZodType>;

type Described = z.output<(typeof messagesOut)[keyof typeof messagesOut]>;
/** Does not compile where a server may send what is not described. */
export const isDescribed = (frame: ClientOut): Described => ({ ...frame });
