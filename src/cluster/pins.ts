/** Tells HAProxy's controllers where rooms are. A hint: the index of rooms in Redis says the same, a little later. */
import type { RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Logger } from '../runtime/log.js';
import type { Self } from './self.js';

export const ASSIGNMENT_CHANNEL = 'hokm:game_migration';

export interface RoomAssignmentUpdate {
  readonly type: 'room_assignment_update';
  readonly room: RoomCode;
  readonly owner: string;
  /** The owner's number in the registry: its server id on every HAProxy. */
  readonly number: number;
}

export class Pins {
  constructor(
    private readonly redis: RedisConnection,
    private readonly self: Self,
    private readonly log: Logger,
  ) {}

  /** The room is played here now. */
  assigned(room: RoomCode): void {
    const { id: owner, number } = this.self;
    const message: RoomAssignmentUpdate = { type: 'room_assignment_update', room, owner, number };
    this.redis
      .publish(ASSIGNMENT_CHANNEL, JSON.stringify(message))
      .catch((error: Error) => this.log.debug({ room, err: error.message }, 'assignment not published'));
  }
}
