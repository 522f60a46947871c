/**
 * What instances, controllers and the autoscaler say to each other over Redis. Pub/sub messages are hints and questions
 * that may get lost; what must not get lost goes through an instance's inbox and is handled at least once.
 */
import { z } from 'zod';
import type { Digest, Epoch, InstanceId, RoomCode, Seq } from './ids.js';

const room = z.string().transform((code) => code as RoomCode);
const instance = z.string().transform((id) => id as InstanceId);
const epoch = z.int().transform((value) => value as Epoch);
const seq = z.int().transform((value) => value as Seq);
const digest = z.string().transform((value) => value as Digest);
/** Names a question, so that its answer finds back. */
const request = z.string();

const messageSchema = z.discriminatedUnion('type', [
  /** Somebody's entry in the registry has changed. */
  z.object({ type: z.literal('registry_changed') }),
  /** A room is played by `owner` now (or, with `planned`, in a moment). `number` is its server id on every HAProxy. */
  z.object({
    type: z.literal('room_assignment_update'),
    room,
    owner: instance,
    number: z.int(),
    planned: z.boolean().optional(),
    /** Controllers answer to this instance with room_pinned. */
    reply_to: instance.optional(),
    request: request.optional(),
  }),
  /** A controller has pinned what it was asked to. */
  z.object({ type: z.literal('room_pinned'), request, controller: z.string() }),
  /**
   * To a target: will you take this room? To an owner, through its inbox: move this room to `to`, or so many `rooms` of
   * your choice, between hands first.
   */
  z.object({
    type: z.literal('game_migration_request'),
    room: room.optional(),
    rooms: z.int().optional(),
    to: instance,
    from: instance.optional(),
    rules: z.string().optional(),
    request,
    /** To a target: cluster time of the sender, ms. */
    sent_at: z.number().optional(),
    /** Of the autoscaler's lock: an older one is refused. */
    fencing: z.int().optional(),
  }),
  z.object({ type: z.literal('game_migration_answer'), request, accepted: z.boolean(), reason: z.string().optional() }),
  /**
   * The room is yours, at this epoch, and this is all of it. The answer says yes once the target has written to the room, no
   * if it never will. Until then the message is sent again, to the inbox too.
   */
  z.object({
    type: z.literal('game_migration_data'),
    room,
    from: instance,
    epoch,
    /** As the store keeps them. */
    head: z.unknown(),
    snapshot: z.unknown(),
    /** The end of the log that led to the snapshot: what its entries follow, and their texts. Older owners give none. */
    tail: z.object({ seq, digest, texts: z.array(z.string()).readonly() }).optional(),
    /** When the room was last played, and when this was sent; cluster time, ms. Older owners do not tell the first. */
    alive_at: z.number().optional(),
    sent_at: z.number(),
    request,
  }),
  /** Who owns the room of the seat whose token has this SHA-256? */
  z.object({ type: z.literal('player_reconnect_query'), token_hash: z.string(), reply_to: instance, request }),
  z.object({ type: z.literal('player_reconnect_response'), request, room, seat: z.int() }),
  z.object({
    type: z.literal('scaling_event'),
    event: z.enum(['scale_down_prepare', 'scale_up_complete']),
    instance,
    fencing: z.int().optional(),
  }),
]);

export type ClusterMessage = z.output<typeof messageSchema>;
export type MessageOf<Type extends ClusterMessage['type']> = Extract<ClusterMessage, { type: Type }>;

/** A message as sent, or undefined when it is none of ours: another version may know more kinds. */
export function parseClusterMessage(text: string): ClusterMessage | undefined {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
