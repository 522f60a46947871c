/** What goes wrong in a simulated cluster. Each fault strikes at once, and is over by itself. */
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Fault } from './fault.js';
import { orders } from './orders.js';
import { REDIS } from './redis/connection.js';
import type { Node } from './redis/node.js';
import type { FailOverKind } from './redis/server.js';
import type { Member, World } from './world.js';

/** Instances are told that they are gone after less than a lease, or after more. */
const SHORT_MS = 1_500;
const LONG_MS = 9_000;
/** Until a supervisor has started another process. */
const RESTART_MS = 300;

const always = () => true;
/** Another instance is there to go on. */
const others = (world: World) => world.ready.length > 1;
/** A majority of the copies stays. */
const failsOver = ({ server, plan }: World) => plan.copies > 1 && server.up && server.complete;

function pick<T>(world: World, from: readonly T[]): T | undefined {
  return from[world.random.between(0, from.length - 1)];
}

/** Mostly an instance that plays a room. */
function victim(world: World): Member | undefined {
  const owner = world.random.next() < 0.8 ? world.ownerOf(pick(world, world.rooms)?.head.code as RoomCode) : undefined;
  return owner && !owner.process.dead ? owner : pick(world, world.ready);
}

/** Mostly short, now and then longer than any lease. */
function duration(world: World): number {
  const { random } = world;
  const ms = Math.round(random.next() < 0.6 ? random.next() * SHORT_MS : random.next() * LONG_MS);
  world.watchdog.excuse(ms);
  return ms;
}

/** Strikes an instance, but not one that is needed for what only it knows. */
function onVictim(act: (world: World, member: Member) => string | undefined): Fault['strike'] {
  return (world) => {
    const member = victim(world);
    return member && !world.tails.isVital(member) ? act(world, member) : undefined;
  };
}

const kill: Fault = {
  name: 'kill',
  fits: others,
  strike: onVictim((world, { process }) => {
    process.kill();
    world.timeline.after(RESTART_MS, () => world.launch());
    return process.name;
  }),
};

/** In order: whoever is told to go may do so also while Redis fails over. */
const terminate: Fault = {
  name: 'terminate',
  unsettles: 'rooms',
  fits: others,
  strike: (world) => {
    const member = victim(world);
    if (!member) return undefined;
    member.process.run(() => void member.instance.stop());
    // A rolling restart adds a new instance first.
    world.launch();
    return member.process.name;
  },
};

/** An operator, or the autoscaler, asks an owner to give a room to another instance. */
const move: Fault = {
  name: 'move',
  unsettles: 'rooms',
  fits: others,
  strike: (world) => {
    const code = pick(world, world.rooms)?.head.code as RoomCode;
    const owner = world.ownerOf(code);
    const to = pick(
      world,
      world.ready.filter((member) => member !== owner),
    );
    if (!owner || !to) return undefined;
    const [from, target] = [owner.instance.id, to.instance.id];
    world.send(from, { type: 'game_migration_request', room: code, to: target, request: world.hex(16) });
    return `${code} from ${owner.process.name} to ${to.process.name}`;
  },
};

const freeze: Fault = {
  name: 'freeze',
  fits: always,
  strike: onVictim((world, { process }) => {
    const ms = duration(world);
    process.freeze();
    world.timeline.after(ms, () => process.thaw());
    return `${process.name} for ${ms} ms`;
  }),
};

const redisCut: Fault = {
  name: 'cut from Redis',
  fits: always,
  strike: onVictim((world, { process }) => {
    const ms = duration(world);
    const { network, random, timeline } = world;
    const ways = [
      [process.name, REDIS],
      [REDIS, process.name],
    ] as const;
    // Both directions, or one: then what is asked is done, and the answer lost.
    const lost = random.next() < 0.4 ? ways : [ways[random.between(0, 1)] ?? ways[0]];
    for (const [from, to] of lost) network.cut(from, to);
    timeline.after(ms, () => {
      for (const [from, to] of lost) network.heal(from, to);
    });
    return `${lost.map((way) => way.join(' > ')).join(', ')} for ${ms} ms`;
  }),
};

const peerCut: Fault = {
  name: 'cut between instances',
  fits: others,
  strike: onVictim((world, { process }) => {
    const other = pick(
      world,
      world.members.filter((member) => !member.process.dead && member.process !== process),
    );
    if (!other) return '';
    const ms = duration(world);
    const { network, timeline } = world;
    const ways = [
      [process.name, other.process.name],
      [other.process.name, process.name],
    ] as const;
    for (const [from, to] of ways) network.cut(from, to);
    timeline.after(ms, () => {
      for (const [from, to] of ways) network.heal(from, to);
    });
    return `${process.name} and ${other.process.name} for ${ms} ms`;
  }),
};

const connectionsReset: Fault = {
  name: 'connections to Redis reset',
  fits: always,
  strike: (world) => {
    const member = victim(world);
    for (const connection of member?.instance.connections ?? []) connection.reset();
    return member?.process.name;
  },
};

const scriptsForgotten: Fault = {
  name: 'scripts flushed',
  fits: always,
  strike: (world) => {
    world.server.primary.forgetScripts();
    return 'Redis';
  },
};

const redisPaused: Fault = {
  name: 'Redis paused',
  fits: ({ server }) => server.up,
  strike: (world) => {
    const ms = duration(world);
    world.server.pause(ms);
    return `for ${ms} ms`;
  },
};

const redisRestarted: Fault = {
  name: 'Redis restarted',
  fits: ({ server }) => server.up,
  strike: (world) => {
    const ms = duration(world);
    world.server.restart(ms);
    return `for ${ms} ms`;
  },
};

/** Replicas that are up to a second behind: a WAIT takes as long, and a failover loses as much. */
const lagging: Fault = {
  name: 'replicas fall behind',
  unsettles: 'copies',
  fits: failsOver,
  strike: (world) => {
    const { server, random } = world;
    const behind = Math.round(50 + random.next() * 950);
    const ms = Math.round(1_000 + random.next() * 4_000);
    const all = random.next() < 0.5;
    server.fallBehind(all ? server.replicas : server.replicas.slice(0, 1), behind, ms);
    return `${all ? 'all' : 'one'} by ${behind} ms for ${ms} ms`;
  },
};

/**
 * A replica that lacks something takes over. In rooms that are `replicated` the best one does, as long as the copies that
 * have confirmed something are not gone too; in `primary` rooms any, while of each room somebody is well and stays so who
 * knows all of it: owner and primary together may lose what was on both alone.
 */
const failOver = (kind: FailOverKind, zombies: number): Fault => ({
  name: kind === 'kill' ? 'failover' : `failover: ${kind}`,
  fits: (world) =>
    failsOver(world) && world.server.survivable && (world.plan.durability === 'replicated' || world.tails.held),
  strike: (world) => {
    const { server, random, plan } = world;
    const ms = 200 + Math.round(random.next() * 2_500);
    world.watchdog.excuse(ms);
    const best = plan.durability === 'replicated' || random.next() < 0.5;
    const how = kind === 'kill' && random.next() < zombies ? 'zombie' : kind;
    const choose = (candidates: readonly Node[]) => (best ? candidates.at(-1) : world.tails.worstOf(candidates));
    server.failOver({ kind: how, ms, choose });
    if (plan.durability === 'primary') world.tails.spareOwners();
    return `${how} in ${ms} ms, ${best ? 'the best' : 'the worst'} copy`;
  },
});

/** An operator deletes everything, while of each room somebody is well, and stays so, who knows all of it. */
const emptied: Fault = {
  name: 'everything deleted',
  unsettles: 'rooms',
  fits: ({ tails }) => tails.held,
  strike: (world) => {
    world.order(['FLUSHALL']);
    world.tails.spareOwners();
    return 'by FLUSHALL';
  },
};

const restored: Fault = {
  name: 'restored from a backup',
  unsettles: 'rooms',
  fits: ({ tails }) => tails.held,
  strike: (world) => {
    const { server, backups } = world;
    const ms = duration(world);
    const lost = server.written - backups.length;
    server.restore(backups.length, ms);
    world.tails.spareOwners();
    return `without the last ${lost} writes, in ${ms} ms`;
  },
};

/** All but one are cut off: their players must find the one that is not. */
const mostCut: Fault = {
  name: 'most cut from Redis',
  fits: ({ ready, network, plan, tails }) =>
    ready.length > 2 && !network.torn && !tails.sparing && plan.redisAwayMs === 0,
  strike: (world) => {
    const { network, timeline, random } = world;
    const ms = Math.round(10_000 + random.next() * 20_000);
    const spared = pick(world, world.ready);
    const cut = world.members.filter((member) => member !== spared && !member.process.dead);
    for (const { process } of cut) {
      const ways = [
        [process.name, REDIS],
        [REDIS, process.name],
      ] as const;
      for (const [from, to] of ways) network.cut(from, to);
      timeline.after(ms, () => {
        for (const [from, to] of ways) network.heal(from, to);
      });
    }
    return `all but ${spared?.process.name} for ${ms} ms`;
  },
};

const connectionSilent: Fault = {
  name: 'a connection to Redis falls silent',
  fits: always,
  strike: (world) => {
    const member = victim(world);
    const connection = pick(world, member?.instance.connections ?? []);
    connection?.silence();
    return connection && `${member?.process.name}, connection ${member?.instance.connections.indexOf(connection)}`;
  },
};

/** NTP, or somebody sets it; of the primary's host, or of all. */
const redisClockSteps: Fault = {
  name: "Redis' clock steps",
  fits: ({ server }) => server.up,
  strike: (world) => {
    const { server, random } = world;
    const ms = pick(world, [-3_600_000, -45_000, -800, 800, 45_000, 3_600_000]) ?? 0;
    const all = random.next() < 0.5;
    server.stepClock(all ? server.nodes : [server.primary], ms);
    return `${all ? 'everywhere' : 'of the primary'} by ${ms} ms`;
  },
};

const devicesCut: Fault = {
  name: 'players lose their network',
  fits: always,
  strike: (world) => {
    const room = pick(world, world.rooms);
    const away = (room?.players ?? []).filter(() => world.random.next() < 0.5);
    for (const player of away) player.drop();
    return `${away.length} of ${room?.head.code}`;
  },
};

export const failovers: readonly Fault[] = [
  failOver('kill', 0.4),
  failOver('kill', 0.4),
  failOver('vanish', 0),
  failOver('demote', 0),
];

export const faults: readonly Fault[] = [
  kill,
  kill,
  terminate,
  freeze,
  freeze,
  redisCut,
  redisCut,
  peerCut,
  connectionsReset,
  scriptsForgotten,
  redisPaused,
  redisRestarted,
  emptied,
  restored,
  ...failovers,
  mostCut,
  connectionSilent,
  connectionSilent,
  redisClockSteps,
  redisClockSteps,
  lagging,
  lagging,
  move,
  move,
  ...orders,
  devicesCut,
];

/** What gives a room another owner for sure. */
export const takeover = kill;
