/**
 * The actuator: every effect on the cluster goes through here, and here alone dry-run is checked. Before each effect the
 * lock must certainly be held, and each carries its fencing number.
 */
import type { Bus } from '../src/cluster/bus.js';
import type { InstanceId, RoomCode } from '../src/protocol/ids.js';
import type { Logger } from '../src/runtime/log.js';
import { randomHex } from '../src/runtime/random.js';
import { type Action, inWords } from './decide/actions.js';
import type { Decision } from './decide/decide.js';
import type { Instance } from './decide/instance.js';
import type { State } from './decide/state.js';
import type { Driver } from './drivers/driver.js';
import { type Lock, LockLost } from './lock.js';
import type { ActionRecord } from './record.js';

type Move = Extract<Action, { kind: 'move' }>;

export interface ActuatorDeps {
  readonly driver: Driver;
  readonly bus: Pick<Bus, 'send' | 'publish' | 'channels'>;
  readonly lock: Pick<Lock, 'assertHeld' | 'fencing'>;
  readonly dryRun: boolean;
  readonly log: Logger;
}

export interface Done {
  readonly records: readonly ActionRecord[];
  /** What the driver calls the boots it was ordered. */
  readonly handles: ReadonlyMap<string, string>;
  /** Keys of boots that the driver refused. */
  readonly failedBoots: ReadonlySet<string>;
}

export class Actuator {
  constructor(private readonly deps: ActuatorDeps) {}

  /**
   * The state to be kept before the effects: a run that dies among them is continued by the next one. In a dry run
   * nothing that was only planned may be taken for done.
   */
  intended(before: State, { state }: Decision): State {
    if (!this.deps.dryRun) return state;
    const { memory, seen, staleUntil, boots } = state;
    const known = new Set(before.boots.pending.map(({ key }) => key));
    const pending = boots.pending.filter(({ key }) => known.has(key));
    // What was ordered by hand is done, and followed to its end.
    const byHand = state.drains.filter(({ reason }) => reason === 'by hand');
    const drains = [...before.drains.filter(({ reason }) => reason !== 'by hand'), ...byHand];
    return { ...before, memory, seen, staleUntil, drains, boots: { ...boots, pending } };
  }

  /** One after the other. What fails is told and does not keep the rest from being done. @throws LockLost */
  async carryOut(actions: readonly Action[], instances: readonly Instance[]): Promise<Done> {
    const { dryRun, lock, log } = this.deps;
    const records: ActionRecord[] = [];
    const handles = new Map<string, string>();
    const failedBoots = new Set<string>();
    for (const action of actions) {
      const { kind } = action;
      const text = inWords(action);
      if (dryRun && !action.byHand) {
        records.push({ kind, text, outcome: 'dry-run' });
        continue;
      }
      lock.assertHeld();
      try {
        const handle = await this.one(action, instances);
        if (action.kind === 'start' && handle !== undefined) handles.set(action.key, handle);
        log.info({ action: kind, fencing: lock.fencing }, text);
        records.push({ kind, text, outcome: 'done' });
      } catch (error) {
        if (error instanceof LockLost) throw error;
        if (action.kind === 'start') failedBoots.add(action.key);
        const { message } = error as Error;
        log.error({ action: kind, err: message }, `${text}: failed`);
        records.push({ kind, text, outcome: 'failed', error: message });
      }
    }
    return { records, handles, failedBoots };
  }

  /** Tells everybody that an instance has joined. */
  announce(id: InstanceId): void {
    const { bus, lock, dryRun } = this.deps;
    if (dryRun) return;
    bus.publish(bus.channels.scaling, {
      type: 'scaling_event',
      event: 'scale_up_complete',
      instance: id,
      fencing: lock.fencing,
    });
  }

  /** The driver's handle for a start. */
  private async one(action: Action, instances: readonly Instance[]): Promise<string | undefined> {
    const { driver, bus, lock } = this.deps;
    const { fencing } = lock;
    switch (action.kind) {
      case 'start':
        return driver.start(action.key, fencing);
      case 'cancel_start':
        await driver.stop({ handle: action.handle }, fencing);
        return undefined;
      case 'tell':
      case 'undrain': {
        const id = action.id as InstanceId;
        const event = action.kind === 'tell' ? 'scale_down_prepare' : 'scale_up_complete';
        await bus.send(id, { type: 'scaling_event', event, instance: id, fencing });
        return undefined;
      }
      case 'stop': {
        const instance = instances.find(({ id }) => id === action.id);
        await driver.stop({ id: action.id, host: instance?.host, port: instance?.port }, fencing);
        return undefined;
      }
      case 'move':
        await this.move(action);
        return undefined;
    }
  }

  private async move({ from, to, rooms, room }: Move): Promise<void> {
    const { bus, lock } = this.deps;
    await bus.send(from as InstanceId, {
      type: 'game_migration_request',
      ...(room === undefined ? { rooms } : { room: room as RoomCode }),
      to: to as InstanceId,
      request: randomHex(8),
      fencing: lock.fencing,
    });
  }
}
