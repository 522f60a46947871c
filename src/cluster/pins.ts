/** Tells HAProxy's controllers where rooms are. A hint: the index of rooms in Redis says the same, a little later. */
import type { RoomCode } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { Bus } from './bus.js';
import type { InstanceRecord, Registry } from './registry.js';
import type { Self } from './self.js';

/** How long a migration waits for the controllers; a pin that comes later costs a forward, ms. */
const PLAN_MS = 50;
/** How long the list of controllers is believed, ms. */
const CONTROLLERS_MS = 1_000;

export class Pins {
  private controllers: { at: number; known: Promise<readonly string[]> } | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly self: Self,
    private readonly registry: Pick<Registry, 'controllers'>,
    private readonly clock: Clock,
  ) {}

  /** The room is played now: here, or by `at`. */
  assigned(room: RoomCode, at: Pick<InstanceRecord, 'id' | 'number'> = this.self): void {
    const { id: owner, number } = at;
    this.bus.publish(this.bus.channels.assignments, { type: 'room_assignment_update', room, owner, number });
  }

  /** The room will be played by `target` in a moment: waits, within a bound, until the live controllers have it so. */
  async plan(room: RoomCode, target: InstanceRecord): Promise<void> {
    const controllers = await this.liveControllers();
    if (controllers.length === 0) return;
    const { id: owner, number } = target;
    const planned = { type: 'room_assignment_update', room, owner, number, planned: true } as const;
    const waiting = new Set(controllers);
    await this.bus.askAll(
      this.bus.channels.assignments,
      (request) => ({ ...planned, reply_to: this.self.id, request }),
      (answer) => {
        if (answer.type === 'room_pinned') waiting.delete(answer.controller);
        return waiting.size === 0;
      },
      PLAN_MS,
    );
  }

  private liveControllers(): Promise<readonly string[]> {
    const now = this.clock.monotonic();
    if (!this.controllers || now - this.controllers.at > CONTROLLERS_MS) {
      this.controllers = { at: now, known: this.registry.controllers().catch(() => []) };
    }
    return this.controllers.known;
  }
}
