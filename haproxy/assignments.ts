/** The messages that say which instance plays a room. They may be lost: the next full reconcile finds the same in Redis. */
import { z } from 'zod';
import { parseRoomCode, type RoomCode } from '../src/protocol/ids.js';

export const MIGRATION_CHANNEL = 'hokm:game_migration';

export interface Assignment {
  readonly room: RoomCode;
  /** The instance's number. */
  readonly number: number;
  /** Channel on which the sender waits to hear that HAProxy has the pin (`room_pinned`). */
  readonly reply: string | undefined;
}

const schema = z.object({
  type: z.literal('room_assignment_update'),
  room: z.string(),
  number: z.number().int().positive().max(0x7fffffff),
  reply: z.string().startsWith('hokm:').max(200).optional(),
});

/** The assignment that a message of MIGRATION_CHANNEL holds, or undefined when it holds none. */
export function parseAssignment(text: string): Assignment | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const message = schema.safeParse(json).data;
  const room = message && parseRoomCode(message.room);
  return room && { room, number: message.number, reply: message.reply };
}
