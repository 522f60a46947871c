/** What this instance writes of itself into the registry. */
import { games } from '../game/games.js';
import type { InstanceId } from '../protocol/ids.js';
import { formatHostPort } from '../runtime/address.js';
import type { UsageMeter } from '../runtime/usage.js';
import type { InstanceFields, InstanceStatus } from './registry.js';

export interface SelfDeps {
  readonly id: InstanceId;
  readonly host: string;
  readonly region: string;
  readonly zone: string;
  readonly version: string;
  readonly capacity: number;
  readonly usage: Pick<UsageMeter, 'latest'>;
  readonly rooms: () => number;
  readonly connections: () => number;
}

/** HAProxy's weight for an idle instance; a full one gets a quarter of it. */
const FULL_WEIGHT = 256;
const WEIGHT_STEPS = 4;

export class Self {
  status: InstanceStatus = 'starting';
  /** 0 until the instance listens. */
  port = 0;
  /** The registry's number of this process start; 0 until it has given one. */
  number = 0;
  /** Cluster time, ms. */
  startedAt = 0;

  constructor(private readonly deps: SelfDeps) {}

  get id(): InstanceId {
    return this.deps.id;
  }

  get address(): string {
    return formatHostPort({ host: this.deps.host, port: this.port });
  }

  /** Whether another room fits. */
  get hasSpace(): boolean {
    return this.status === 'ready' && this.deps.rooms() < this.deps.capacity;
  }

  /** `game@version` of every game this instance can play. */
  readonly rules: readonly string[] = Object.values(games).map((game) => `${game.id}@${game.rulesVersion}`);

  fields(): InstanceFields {
    const { usage, rooms, connections, capacity, ...fixed } = this.deps;
    const { cpu, memory, hostCpu, hostMemory, loopDelay } = usage.latest;
    const load = Math.max(cpu, rooms() / capacity);
    const step = Math.min(WEIGHT_STEPS - 1, Math.floor(load * WEIGHT_STEPS));
    return {
      ...fixed,
      number: this.number,
      port: this.port,
      status: this.status,
      started_at: this.startedAt,
      active_games: rooms(),
      connected_players: connections(),
      cpu_usage: cpu,
      memory_usage: hostMemory,
      host_cpu_usage: hostCpu,
      process_memory: memory,
      event_loop_delay: loopDelay,
      weight: (FULL_WEIGHT / WEIGHT_STEPS) * (WEIGHT_STEPS - step),
      capacity,
      rules_versions: this.rules.join(','),
    };
  }
}
