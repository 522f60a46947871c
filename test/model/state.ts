/** All that the model knows at a moment, and what changes it. PURE. */
import type { InstanceId } from '../../src/protocol/ids.js';
import { ABSENT, type Instance, type Message, type Outcome } from './instance.js';
import type { Bound, Rules } from './rules.js';
import { commandOf, digestOf, EMPTY_ROOM, type Path, pathOf, type Reply, type Request, type Room } from './store.js';

export const IDS = ['A' as InstanceId, 'B' as InstanceId] as const;

/** A request that was carried out, whose answer is on its way. */
export interface Pending {
  readonly request: Request;
  readonly reply: Reply;
  readonly waits: boolean;
  /** Place in the store's history from which on a copy has it. */
  readonly place: number;
  readonly gen: number;
  /** Carried out while its sender left others the time to store the room. */
  readonly early: boolean;
}

type Left = Pick<
  Bound,
  'failovers' | 'moves' | 'crashes' | 'releases' | 'snapshots' | 'unknowns' | 'rollbacks' | 'takeovers'
>;

export interface Cluster {
  /** What the primary has held, from the oldest that a copy may still hold; the last is what it holds. */
  readonly line: readonly Room[];
  /** How much of the store's history was before `line`. */
  readonly dropped: number;
  /** Failovers and rollbacks so far. */
  readonly gen: number;
  /** Whether a backup has been restored. */
  readonly restored: boolean;
  readonly instances: readonly [Instance, Instance];
  readonly pending: readonly [Pending | null, Pending | null];
  readonly mail: readonly Message[];
  /** Requests that were given up and may be carried out later. */
  readonly late: readonly { readonly request: Request; readonly from: 0 | 1 }[];
  /** What players have been told: they may count on all of it. */
  readonly told: Path;
  /** Set when the players were told what contradicts what they were told before. */
  readonly broken: string | null;
  /** Whether an instance has died: what it alone had may be lost in a room that waits for no copies. */
  readonly hasDied: boolean;
  readonly left: Left;
}

export interface Step {
  readonly label: string;
  readonly next: Cluster;
}

export interface Model {
  readonly rules: Rules;
  readonly bound: Bound;
}

export function initial({ bound }: Model): Cluster {
  const { failovers, moves, crashes, releases, snapshots, unknowns, rollbacks, takeovers } = bound;
  if (failovers > 0 && rollbacks > 0) throw new Error('the store goes back by failovers or by rollbacks, not by both');
  const owned: Room = { ...EMPTY_ROOM, owner: IDS[0], epoch: 1 as Room['epoch'] };
  return {
    line: bound.promoted === 'best' && rollbacks === 0 ? [owned] : [EMPTY_ROOM, owned],
    dropped: 0,
    gen: 0,
    restored: false,
    instances: [{ ...ABSENT, mode: 'playing', epoch: 1 }, ABSENT],
    pending: [null, null],
    mail: [],
    late: [],
    told: [],
    broken: null,
    hasDied: false,
    left: { failovers, moves, crashes, releases, snapshots, unknowns, rollbacks, takeovers },
  };
}

export const primary = (cluster: Cluster): Room => cluster.line.at(-1) ?? EMPTY_ROOM;
export const holds = ({ mode }: Instance) => mode !== 'none' && mode !== 'dead';
const isPrefix = (short: Path, long: Path) => digestOf(long.slice(0, short.length)) === digestOf(short);

function common(a: Path, b: Path): Path {
  const differs = a.findIndex((line, at) => line !== b[at]);
  return differs < 0 ? a : a.slice(0, differs);
}

/** Why a state must not be; undefined when it may. */
export const fault = ({ broken }: Cluster): string | undefined => broken ?? undefined;

/** Whether an owner plays that has everything that players count on, and that the store confirms. */
export function isWell(cluster: Cluster): boolean {
  const room = primary(cluster);
  return cluster.instances.some(
    ({ mode, epoch, path, sent }, at) =>
      mode === 'playing' &&
      sent.length === 0 &&
      cluster.pending[at] === null &&
      room.owner === IDS[at] &&
      room.epoch === epoch &&
      room.digest === digestOf(path) &&
      isPrefix(cluster.told, path),
  );
}

export function withInstance(cluster: Cluster, who: 0 | 1, instance: Instance): Cluster {
  const [a, b] = cluster.instances;
  return { ...cluster, instances: who === 0 ? [instance, b] : [a, instance] };
}

export function withPending(cluster: Cluster, who: 0 | 1, pending: Pending | null): Cluster {
  const [a, b] = cluster.pending;
  return { ...cluster, pending: who === 0 ? [pending, b] : [a, pending] };
}

export const spend = (cluster: Cluster, what: keyof Left): Cluster => ({
  ...cluster,
  left: { ...cluster.left, [what]: cluster.left[what] - 1 },
});

export function write(cluster: Cluster, room: Room): Cluster {
  if (room === primary(cluster)) return cluster;
  return settleLine({ ...cluster, line: [...cluster.line, room] });
}

/** Forgets what neither a failover nor a backup can bring back. */
export function settleLine(cluster: Cluster): Cluster {
  if (cluster.left.failovers > 0 || cluster.left.rollbacks > 0) return cluster;
  return { ...cluster, line: cluster.line.slice(-1), dropped: 0 };
}

/** A majority of the copies has everything up to `place`. */
export function confirm(cluster: Cluster, place: number, { bound }: Model): Cluster {
  const more = place - cluster.dropped;
  if (bound.promoted === 'any' || more <= 0 || cluster.left.failovers === 0) return cluster;
  return { ...cluster, line: cluster.line.slice(more), dropped: place };
}

/** Lets out what an instance says. */
export function apply(cluster: Cluster, who: 0 | 1, { instance, tell, message }: Outcome): Cluster {
  let next = withInstance(cluster, who, instance);
  if (tell) next = told(next, tell);
  if (message) next = { ...next, mail: [...next.mail.filter(({ kind }) => kind !== message.kind), message] };
  return next;
}

export function told(cluster: Cluster, path: Path): Cluster {
  const commands = path.map(commandOf).filter((command) => command !== 'o');
  if (new Set(commands).size < commands.length) return { ...cluster, broken: `a command ran twice: ${path.join(' ')}` };
  if (isPrefix(path, cluster.told)) return cluster;
  if (isPrefix(cluster.told, path)) return { ...cluster, told: path };
  return { ...cluster, broken: `told ${path.join(' ')} after ${cluster.told.join(' ')}` };
}

/** In a room that waits for no copies, what only the dead had is nobody's promise any more. */
export function forgive(cluster: Cluster, { bound }: Model): Cluster {
  if (bound.durability === 'replicated' || !cluster.hasDied) return cluster;
  return onlyKept(cluster);
}

/** What an instance has of the room, if it has it, and will not forget with the next answer. */
function keptBy({ instances, pending }: Cluster, who: 0 | 1): readonly Path[] {
  const { request, reply } = pending[who] ?? {};
  const isForgotten = reply?.outcome === 'ok' && (request?.kind === 'confirm' || request?.kind === 'release');
  return holds(instances[who]) && !isForgotten ? [instances[who].path] : [];
}

/** Players may count on what an instance that lives has, or the store, of all that they have been told. */
export function onlyKept(cluster: Cluster): Cluster {
  const alive = [0, 1].flatMap((who) => keptBy(cluster, who as 0 | 1));
  const kept = [pathOf(primary(cluster).digest), ...alive].map((path) => common(cluster.told, path));
  return { ...cluster, told: kept.reduce((a, b) => (b.length > a.length ? b : a)) };
}
