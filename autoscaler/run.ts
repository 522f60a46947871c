/** One run: look, decide, act, remember. The daemon repeats it; a cron job does it once; `plan` leaves the effects out. */
import type { Bus } from '../src/cluster/bus.js';
import type { InstanceId, RoomCode } from '../src/protocol/ids.js';
import type { RedisConnection } from '../src/redis/client.js';
import type { Logger } from '../src/runtime/log.js';
import { randomHex } from '../src/runtime/random.js';
import { Actuator } from './act.js';
import { bootMs } from './decide/boots.js';
import { type Decision, decide } from './decide/decide.js';
import { totals } from './decide/demand.js';
import { withOrders } from './decide/orders.js';
import type { Driver } from './drivers/driver.js';
import { ForecastFeed } from './forecast/feed.js';
import type { OutlookForecaster } from './forecast/outlook.js';
import type { History, Mark, Point } from './history.js';
import type { Lock } from './lock.js';
import { type Observation, type ObserveDeps, observe } from './observe.js';
import { floorAt } from './policy/schedule.js';
import type { Policy } from './policy/schema.js';
import { type DecisionRecord, toRecord } from './record.js';

export interface RunDeps extends ObserveDeps {
  readonly redis: RedisConnection;
  readonly history: History;
  readonly policy: Policy;
  readonly driver: Driver;
  readonly bus: Pick<Bus, 'send' | 'publish' | 'channels'>;
  readonly rooms: (id: InstanceId) => Promise<readonly RoomCode[]>;
  readonly log: Logger;
  readonly leaseMs: number;
  /** Between two runs, ms. */
  readonly tickMs: number;
  /** Who runs, for the record. */
  readonly by: string;
  readonly advisory: boolean;
}

export interface Planned {
  readonly observation: Observation;
  readonly decision: Decision;
  readonly forecast: OutlookForecaster;
  readonly record: DecisionRecord;
}

const MINUTE_MS = 60_000;

export class Runner {
  private feed: ForecastFeed;
  private failedBoots: ReadonlySet<string> = new Set();
  private readonly announced = new Set<string>();

  constructor(private readonly deps: RunDeps) {
    this.feed = new ForecastFeed(deps.policy, deps.tickMs);
  }

  /** Begins with the history as Redis has it: another may have run in between. */
  reset(): void {
    this.feed = new ForecastFeed(this.deps.policy, this.deps.tickMs);
  }

  /** The whole decision, without effects and without the lock. */
  async plan(): Promise<Planned> {
    const observation = await observe(this.deps);
    return this.decided(observation, 0, observation.state.staleUntil);
  }

  /**
   * Decides and acts, holding the lock.
   * @param awayUntil figures do not count until then, cluster time: Redis was away
   * @throws LockLost, or what Redis throws
   */
  async run(lock: Lock, awayUntil = 0): Promise<DecisionRecord> {
    const { store, driver, log, deps } = { ...this.deps, deps: this.deps };
    const observation = await observe(deps);
    const before = observation.state;
    await this.deps.history.add(this.point(observation));
    const planned = await this.decided(observation, lock.fencing, Math.max(awayUntil, before.staleUntil));
    const { instances } = observation.look;
    const decision = withOrders(planned.decision, observation.orders, {
      policy: deps.policy,
      fencing: lock.fencing,
      instances,
      owners: await this.owners(observation),
    });
    const actuator = new Actuator({ ...deps, lock, dryRun: deps.advisory });
    // Kept before it is done: whoever comes after a crash among the effects goes on from here.
    const intended = actuator.intended(before, decision);
    lock.assertHeld();
    await store.saveState(intended, lock.fencing);
    await store.done(observation.orderEntries);
    const done = await actuator.carryOut(decision.actions, instances);
    this.failedBoots = new Set([...done.failedBoots, ...driver.takeFailures()]);
    if (!deps.advisory && decision.actions.some(({ kind }) => kind === 'start')) {
      const pending = intended.boots.pending.map((boot) => ({
        ...boot,
        ordered: true,
        handle: done.handles.get(boot.key) ?? boot.handle,
      }));
      await store.saveState({ ...intended, boots: { ...intended.boots, pending } }, lock.fencing);
    }
    // Who is told to leave in the same run must not hear that it has joined.
    const leaving = new Set(intended.drains.map(({ id }) => id));
    this.announceNew(
      actuator,
      before.seen,
      instances.filter(({ id }) => !leaving.has(id)),
    );
    const record = this.toRecord({ ...planned, decision }, lock.fencing, done.records);
    await store.record(record);
    if (decision.actions.length > 0) {
      log.info({ decision: record.id, wanted: record.wanted, load: record.load }, 'decided');
    }
    return record;
  }

  private async decided(observation: Observation, fencing: number, staleUntil: number): Promise<Planned> {
    const { policy, history, driver, tickMs, leaseMs } = this.deps;
    const { state, now, look, hand } = observation;
    const boot = bootMs(state.boots, policy.boot_s);
    const points = this.feed.needsAll(boot) ? await history.load(now) : [];
    const forecast = this.feed.feed([...points, this.point(observation)], boot);
    const decision = decide({
      now,
      tickMs,
      policy,
      look,
      state: { ...state, staleUntil },
      hand,
      outlook: forecast.outlook(),
      floor: floorAt(policy.schedules, policy.min, now, boot + tickMs + MINUTE_MS),
      deploying: observation.deploying,
      failedBoots: new Set([...this.failedBoots, ...driver.takeFailures()]),
      fencing,
      startsOnce: driver.startsOnce,
      leaseMs,
    });
    const planned = { observation, decision, forecast };
    return { ...planned, record: this.toRecord(planned, fencing === 0 ? null : fencing) };
  }

  private toRecord(
    { decision, observation, forecast }: Omit<Planned, 'record'>,
    fencing: number | null,
    actions?: DecisionRecord['actions'] | readonly DecisionRecord['actions'][number][],
  ): DecisionRecord {
    const { policy, by, advisory } = this.deps;
    const { hold } = observation.hand;
    return toRecord(decision, {
      id: `d-${randomHex(4)}`,
      by,
      fencing,
      mode: fencing === null ? 'plan' : advisory ? 'advisory' : 'act',
      policy,
      forecast: [...forecast.spoken()],
      hold: hold && hold.until > observation.now ? hold.count : null,
      ...(actions === undefined ? {} : { actions }),
    });
  }

  /** This minute for the history, marked when it is not like others. */
  private point({ now, look, state, hand, deploying }: Observation): Point {
    const held = hand.hold !== undefined && hand.hold.until > now;
    const outage = state.memory.guard !== null || look.blank || state.staleUntil > now;
    const mark: Mark | undefined = outage ? 'outage' : deploying ? 'deploy' : held ? 'hold' : undefined;
    return {
      minute: Math.floor(now / MINUTE_MS),
      ...totals(look.instances, this.deps.policy),
      instances: look.instances.length + state.boots.pending.length,
      ...(mark ? { mark } : {}),
    };
  }

  private async owners({ orders, look }: Observation): Promise<Map<string, string>> {
    const moves = orders.filter((order) => order.kind === 'move');
    const owners = new Map<string, string>();
    if (moves.length === 0) return owners;
    for (const { id } of look.instances) {
      const rooms: ReadonlySet<string> = new Set<string>(await this.deps.rooms(id));
      for (const { room } of moves) if (rooms.has(room)) owners.set(room, id);
    }
    return owners;
  }

  private announceNew(
    actuator: Actuator,
    seen: Observation['state']['seen'],
    instances: Observation['look']['instances'],
  ) {
    const known = new Set(seen.filter(({ state }) => state === 'ready').map(({ id }) => id));
    for (const { id, state } of instances) {
      if (state !== 'ready' || known.has(id) || this.announced.has(id) || seen.length === 0) continue;
      this.announced.add(id);
      actuator.announce(id);
    }
  }
}
