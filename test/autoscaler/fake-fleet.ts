/** Instances that only exist in a test: they answer what the autoscaler sends, at once, and can be told not to. */

import type { Driver, Listed, Target } from '../../autoscaler/drivers/driver.js';
import type { InstanceRecord } from '../../src/cluster/registry.js';
import { DEFAULT_PREFIX } from '../../src/config.js';
import type { ClusterMessage } from '../../src/protocol/cluster.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { keyspaceOf } from '../../src/redis/keys.js';
import { SystemClock } from '../../src/runtime/clock.js';

/** Cluster time that a test can move on. */
export class MovedClock extends SystemClock {
  shiftMs = 0;

  override now(): number {
    return super.now() + this.shiftMs;
  }
}

export interface Sent {
  readonly to: string;
  readonly message: ClusterMessage;
}

export class FakeFleet {
  readonly records = new Map<string, InstanceRecord>();
  readonly expired = new Set<string>();
  /** Those that no HAProxy gets through to. */
  readonly unreachable = new Set<string>();
  readonly sent: Sent[] = [];
  readonly started: string[] = [];
  readonly stopped: string[] = [];
  /** Called before and after every effect; throws to end the run there, as a crash would. */
  crash: (when: 'before' | 'after') => void = () => undefined;
  /** Boots come up when they are ordered. */
  boots = true;
  private number = 0;

  constructor(readonly clock: MovedClock) {}

  add(id: string, overrides: Partial<InstanceRecord> = {}): void {
    this.number += 1;
    this.records.set(id, {
      id: id as InstanceId,
      number: this.number,
      host: '127.0.0.1',
      port: 5_000 + this.number,
      status: 'ready',
      started_at: this.clock.now(),
      last_heartbeat: this.clock.now(),
      active_games: 5,
      connected_players: 20,
      cpu_usage: 0.05,
      memory_usage: 0.3,
      host_cpu_usage: 0.1,
      process_memory: 1e8,
      event_loop_delay: 20,
      weight: 256,
      capacity: 5_000,
      region: 'local',
      zone: 'local',
      version: '0.1.0',
      rules_versions: ['hokm@1'],
      ...overrides,
    });
  }

  change(id: string, overrides: Partial<InstanceRecord>): void {
    const record = this.records.get(id);
    if (record) this.records.set(id, { ...record, ...overrides });
  }

  readonly registry = {
    list: async () => {
      const now = this.clock.now();
      // A frozen one no longer beats.
      const instances = [...this.records.values()].map((record) =>
        record.version === 'frozen' ? record : { ...record, last_heartbeat: now },
      );
      return { instances, expired: [...this.expired] as InstanceId[] };
    },
    unreachable: async () => new Set([...this.unreachable] as InstanceId[]),
  };

  readonly bus = {
    send: async (to: InstanceId, message: ClusterMessage) => {
      this.crash('before');
      this.sent.push({ to, message });
      this.obey(to, message);
      this.crash('after');
    },
    channels: keyspaceOf(DEFAULT_PREFIX).channels,
    publish: (_: string, message: ClusterMessage) => {
      if (message.type === 'scaling_event') this.obey(message.instance, message);
    },
  };

  readonly driver: Driver = {
    name: 'fake',
    startsOnce: true,
    start: async (key: string) => {
      this.crash('before');
      if (!this.started.includes(key)) {
        this.started.push(key);
        if (this.boots) this.add(`new-${this.started.length}`, { active_games: 0, connected_players: 0 });
      }
      this.crash('after');
      return undefined;
    },
    stop: async ({ id = '' }: Target) => {
      this.crash('before');
      if (this.records.delete(id)) this.stopped.push(id);
      this.crash('after');
    },
    list: async (): Promise<readonly Listed[]> => [...this.records.keys()].map((id) => ({ handle: id, id })),
    takeFailures: () => [],
    close: async () => undefined,
  };

  /** As an instance should: it gives its rooms to the others. */
  private obey(to: string, message: ClusterMessage): void {
    if (message.type !== 'scaling_event') return;
    if (message.event === 'scale_up_complete') this.change(to, { status: 'ready' });
    else {
      const leaving = this.records.get(to);
      const [heir] = [...this.records.values()].filter(({ id, status }) => id !== to && status === 'ready');
      if (!leaving || leaving.status === 'draining') return;
      this.change(to, { status: 'draining', active_games: 0, connected_players: 0 });
      if (heir) {
        this.change(heir.id, {
          active_games: heir.active_games + leaving.active_games,
          connected_players: heir.connected_players + leaving.connected_players,
        });
      }
    }
  }
}
