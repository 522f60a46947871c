/** What an instance counts, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface Gauges {
  rooms(): number;
  connections(): number;
  frozenRooms(): number;
  /** p99 of how late the event loop was in the last heartbeat, ms. */
  loopDelay(): number;
  /** What operators have to mend in Redis. */
  redisFaults(): number;
}

/** Something that is counted. */
export interface Tally<Label extends string = never> {
  inc(...labels: [Label] extends [never] ? [] : [Readonly<Record<Label, string>>]): void;
}

export interface InstanceMetrics {
  readonly claims: Tally;
  readonly ends: Tally<'reason'>;
  readonly forwards: Tally<'kind'>;
  readonly messages: Tally<'type'>;
  readonly errors: Tally<'code'>;
  readonly contentType: string;
  text(): Promise<string>;
}

/** What the library measures of the event loop wakes the process a hundred times a second; ours is `loopDelay`. */
const LOOP_LAGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (of) => `nodejs_eventloop_lag_${of}_seconds`,
);
const NEVER_MS = 2 ** 31 - 1;

export class Metrics implements InstanceMetrics {
  private readonly registry = new Registry();
  readonly claims = this.counter('hokm_room_claims_total', 'Rooms that this instance became owner of');
  readonly ends = this.counter('hokm_room_ends_total', 'Rooms no longer played here, by reason', ['reason']);
  readonly forwards = this.counter('hokm_forwards_total', 'Connections and requests piped to the owner', ['kind']);
  readonly messages = this.counter('hokm_messages_total', 'Frames from clients, by type', ['type']);
  readonly errors = this.counter('hokm_errors_total', 'Errors told to clients, by code', ['code']);

  constructor(instance: string, gauges: Gauges) {
    this.registry.setDefaultLabels({ instance });
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: NEVER_MS });
    for (const name of LOOP_LAGS) this.registry.removeSingleMetric(name);
    this.gauge('hokm_rooms', 'Rooms owned', gauges.rooms);
    this.gauge('hokm_connections', 'WebSockets open', gauges.connections);
    this.gauge('hokm_rooms_frozen', 'Rooms that stand still because Redis cannot confirm', gauges.frozenRooms);
    this.gauge('hokm_redis_faults', 'Faults of Redis that operators have to mend; see /status', gauges.redisFaults);
    this.gauge(
      'hokm_event_loop_delay_seconds',
      'p99 of how late the event loop was in the last heartbeat',
      () => gauges.loopDelay() / 1_000,
    );
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter<Label>({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
