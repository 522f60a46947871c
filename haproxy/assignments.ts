/** The messages that say which instance plays a room. They may be lost: the next full reconcile finds the same in Redis. */
import { parseClusterMessage } from '../src/protocol/cluster.js';
import { type InstanceId, parseRoomCode, type RoomCode } from '../src/protocol/ids.js';

export interface Assignment {
  readonly room: RoomCode;
  /** The instance's number. */
  readonly number: number;
  /** The instance that waits to hear that HAProxy has the pin, and the name of its question. */
  readonly asked: { readonly by: InstanceId; readonly request: string } | undefined;
}

/** Numbers that HAProxy takes as a server's id. */
const MAX_NUMBER = 2 ** 31 - 1;

/** The assignment that a message holds, or undefined when it holds none. */
export function parseAssignment(text: string): Assignment | undefined {
  const message = parseClusterMessage(text);
  if (message?.type !== 'room_assignment_update') return undefined;
  const { number, reply_to: by, request } = message;
  const room = parseRoomCode(message.room);
  if (room === undefined || number < 1 || number > MAX_NUMBER) return undefined;
  return { room, number, asked: by !== undefined && request !== undefined ? { by, request } : undefined };
}
