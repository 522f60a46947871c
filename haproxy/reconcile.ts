/**
 * PURE. Compares what the controller believes with what HAProxy shows and says what to do about it. Running it again
 * after its commands have been run yields nothing, whatever happened in between: nothing here remembers having acted,
 * except when a server began to leave.
 */
import type { InstanceId, RoomCode } from '../src/protocol/ids.js';
import { type Belief, type BeliefLimits, type Target, trusted, wantedPins } from './belief.js';
import type { ShownServer } from './runtime-api.js';

export type Command =
  | { readonly do: 'add'; readonly server: InstanceId; readonly target: Target }
  | { readonly do: 'enable health'; readonly server: InstanceId }
  | { readonly do: 'state'; readonly server: InstanceId; readonly state: ShownServer['state'] }
  | { readonly do: 'weight'; readonly server: InstanceId; readonly weight: number }
  | { readonly do: 'shutdown sessions'; readonly server: InstanceId }
  | { readonly do: 'clear rooms'; readonly server: InstanceId; readonly number: number }
  | { readonly do: 'delete'; readonly server: InstanceId };

export interface Shown {
  readonly servers: readonly ShownServer[];
  /** Undefined when the pins were not read: then none is changed. */
  readonly pins: ReadonlyMap<RoomCode, number> | undefined;
}

/** Servers in maintenance on their way out, and since when (monotonic ms). */
export type Leaving = ReadonlyMap<InstanceId, number>;

export interface ReconcileLimits extends BeliefLimits {
  /** From maintenance to deletion, ms. 2.6 can delete a server that retrying streams still refer to: 15 s or more. */
  readonly deleteWaitMs: number;
}

export interface Plan {
  /** In order; when one fails, the rest for the same server must not run. */
  readonly commands: readonly Command[];
  readonly pin: ReadonlyMap<RoomCode, number>;
  readonly unpin: readonly RoomCode[];
  readonly leaving: Leaving;
  /** What cannot be put right from here, one line each. */
  readonly problems: readonly string[];
}

export function reconcile(belief: Belief, shown: Shown, leaving: Leaving, now: number, limits: ReconcileLimits): Plan {
  const commands: Command[] = [];
  const problems: string[] = [];
  const stillLeaving = new Map<InstanceId, number>();
  const byName = new Map(shown.servers.map((server) => [server.name, server]));
  const byNumber = new Map(shown.servers.map((server) => [server.number, server.name]));
  const sure = trusted(belief, now, limits);
  const cleared = new Set<number>();

  for (const { target } of belief.servers.values()) {
    const server = byName.get(target.name);
    const holder = byNumber.get(target.number);
    if (server?.number === target.number) commands.push(...adjust(server, target));
    else if (server === undefined && holder === undefined) commands.push(...introduce(target));
    else {
      problems.push(`number ${target.number} of ${target.name} is ${holder ?? server?.name}'s in HAProxy`);
    }
  }

  for (const server of shown.servers) {
    if (belief.servers.get(server.name)?.target.number === server.number) continue;
    if (!sure) {
      const since = leaving.get(server.name);
      if (since !== undefined) stillLeaving.set(server.name, since);
      continue;
    }
    const since = server.state === 'maint' ? (leaving.get(server.name) ?? now) : now;
    stillLeaving.set(server.name, since);
    if (server.state !== 'maint') {
      commands.push({ do: 'state', server: server.name, state: 'maint' });
      commands.push({ do: 'shutdown sessions', server: server.name });
      commands.push({ do: 'clear rooms', server: server.name, number: server.number });
      cleared.add(server.number);
    } else if (now - since >= limits.deleteWaitMs) {
      commands.push({ do: 'shutdown sessions', server: server.name });
      commands.push({ do: 'clear rooms', server: server.name, number: server.number });
      commands.push({ do: 'delete', server: server.name });
      cleared.add(server.number);
    }
  }
  return { commands, ...pinChanges(belief, shown, cleared, sure), leaving: stillLeaving, problems };
}

/** A server counts as up from the moment it is added: this is only for instances that have said `ready` once. */
function introduce(target: Target): Command[] {
  const server = target.name;
  return [
    { do: 'add', server, target },
    { do: 'enable health', server },
    { do: 'state', server, state: target.state },
  ];
}

function adjust(server: ShownServer, target: Target): Command[] {
  const commands: Command[] = [];
  if (!server.checked) commands.push({ do: 'enable health', server: server.name });
  if (server.weight !== target.weight) commands.push({ do: 'weight', server: server.name, weight: target.weight });
  if (server.state !== target.state) commands.push({ do: 'state', server: server.name, state: target.state });
  return commands;
}

function pinChanges(
  belief: Belief,
  shown: Shown,
  cleared: ReadonlySet<number>,
  sure: boolean,
): Pick<Plan, 'pin' | 'unpin'> {
  const pin = new Map<RoomCode, number>();
  const unpin: RoomCode[] = [];
  if (shown.pins === undefined) return { pin, unpin };
  const wanted = wantedPins(belief);
  for (const [room, number] of wanted) {
    if (shown.pins.get(room) !== number) pin.set(room, number);
  }
  // A pin that nobody claims harms nobody, so there is no hurry to take it out.
  if (sure) {
    for (const [room, number] of shown.pins) {
      if (!wanted.has(room) && !cleared.has(number)) unpin.push(room);
    }
  }
  return { pin, unpin };
}
