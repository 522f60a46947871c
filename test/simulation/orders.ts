/** What the autoscaler and operators order, in the way in which they do: through the inbox of an instance, with the number of a lock. */
import type { InstanceId } from '../../src/protocol/ids.js';
import type { Fault } from './fault.js';
import type { Member, World } from './world.js';

/** Between an order to leave and another to stay, or the end of the process, ms. */
const CHANGE_OF_MIND_MS = 2_000;
const LEAVING_MS = 8_000;
const AGAIN_MS = 1_000;
const ON_ITS_WAY_MS = 30_000;
/** Until a part of the way in is there again. */
const AWAY_MS = 3_000;
/** A number of an older lock. */
const OUTDATED = 1;

const fits = (world: World) => world.ready.length > 1;

/** Mostly one that plays a room. */
function oneOf(world: World): Member | undefined {
  const { random, ready } = world;
  const owners = ready.filter(({ instance }) => instance.ownership.size > 0);
  const from = random.next() < 0.8 && owners.length > 0 ? owners : ready;
  return from[random.between(0, from.length - 1)];
}

const idOf = ({ process }: Member) => process.name as InstanceId;

/** Locks are numbered in order of time. */
const fencing = (world: World) => OUTDATED + 1 + Math.floor(world.timeline.now);

function tell(world: World, to: Member, event: 'scale_down_prepare' | 'scale_up_complete', number: number): void {
  world.send(idOf(to), { type: 'scaling_event', event, instance: idOf(to), fencing: number });
}

/** Says so again until it is seen in the registry; for a while the order before may still be on its way. */
function keep(world: World, member: Member, until = world.timeline.now + ON_ITS_WAY_MS): void {
  const { process, instance } = member;
  if (process.dead || instance.stopping || (instance.ready && world.timeline.now > until)) return;
  if (!instance.ready) tell(world, member, 'scale_up_complete', fencing(world));
  world.timeline.after(AGAIN_MS, () => keep(world, member, until));
}

const leave: Fault = {
  name: 'told to leave',
  unsettles: 'rooms',
  fits,
  strike: (world) => {
    const member = oneOf(world);
    if (!member) return undefined;
    const { random, timeline } = world;
    tell(world, member, 'scale_down_prepare', fencing(world));
    if (random.next() < 0.5) {
      const ms = Math.round(random.next() * CHANGE_OF_MIND_MS);
      timeline.after(ms, () => keep(world, member));
      return `${idOf(member)}, and after ${ms} ms to stay`;
    }
    timeline.after(LEAVING_MS, () => {
      member.process.run(() => void member.instance.stop());
      const { instance } = world.launch();
      world.announce({
        type: 'scaling_event',
        event: 'scale_up_complete',
        instance: instance.id,
        fencing: fencing(world),
      });
    });
    return idOf(member);
  },
};

/** A holder of the lock that woke up too late. */
const outdated: Fault = {
  name: 'outdated orders',
  fits,
  strike: (world) => {
    const member = oneOf(world);
    const other = world.ready.find((one) => one !== member);
    if (!member || !other) return undefined;
    // An order that counts comes first.
    tell(world, member, 'scale_up_complete', fencing(world));
    tell(world, member, 'scale_down_prepare', OUTDATED);
    const moves = { type: 'game_migration_request', rooms: 3, to: idOf(other), request: world.hex(16) } as const;
    world.send(idOf(member), { ...moves, fencing: OUTDATED });
    return idOf(member);
  },
};

const rebalance: Fault = {
  name: 'some rooms to move',
  unsettles: 'rooms',
  fits,
  strike: (world) => {
    const member = oneOf(world);
    const other = world.ready.find((one) => one !== member);
    if (!member || !other) return undefined;
    const rooms = world.random.between(1, 3);
    const moves = { type: 'game_migration_request', rooms, to: idOf(other), request: world.hex(16) } as const;
    world.send(idOf(member), { ...moves, fencing: fencing(world) });
    return `${rooms} from ${idOf(member)} to ${idOf(other)}`;
  },
};

const controllerKilled: Fault = {
  name: 'controller killed',
  fits: () => true,
  strike: (world) => {
    const ms = Math.round(world.random.next() * AWAY_MS);
    world.balancer.replaceController(ms);
    return `for ${ms} ms`;
  },
};

const haproxyRestarted: Fault = {
  name: 'HAProxy restarted',
  fits: () => true,
  strike: (world) => {
    const ms = Math.round(world.random.next() * AWAY_MS);
    world.balancer.haproxy.restart(ms);
    world.watchdog.excuse(ms);
    return `for ${ms} ms`;
  },
};

export const orders: readonly Fault[] = [
  leave,
  leave,
  rebalance,
  rebalance,
  outdated,
  controllerKilled,
  haproxyRestarted,
];
