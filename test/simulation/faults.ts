/** What goes wrong in a simulated cluster. Each fault strikes at once, and is over by itself. */
import type { RoomCode } from '../../src/protocol/ids.js';
import { REDIS } from './redis/connection.js';
import type { Member, World } from './world.js';

export interface Fault {
  readonly name: string;
  /** Whether it can strike now, without breaking what is promised. */
  readonly fits: (world: World) => boolean;
  /** What it did, for the story; undefined when there was nobody to do it to. */
  readonly strike: (world: World) => string | undefined;
}

/** Instances are told that they are gone after less than a lease, or after more. */
const SHORT_MS = 1_500;
const LONG_MS = 9_000;
/** Until a supervisor has started another process. */
const RESTART_MS = 300;

const always = () => true;
/** Another instance is there to go on. */
const others = (world: World) => world.ready.length > 1;
const failsOver = (world: World) => world.plan.copies > 1 && world.server.up;

/** Strikes an owner: not while one is needed. */
const harmful =
  (fits: Fault['fits']): Fault['fits'] =>
  (world) =>
    !world.sparing && fits(world);

function pick<T>(world: World, from: readonly T[]): T | undefined {
  return from[world.random.between(0, from.length - 1)];
}

/** Mostly an instance that plays a room. */
function victim(world: World): Member | undefined {
  const owner = world.random.next() < 0.8 ? world.ownerOf(pick(world, world.rooms)?.head.code as RoomCode) : undefined;
  return owner && !owner.process.dead ? owner : pick(world, world.ready);
}

/** Mostly short, now and then longer than any lease. */
function duration({ random }: World): number {
  return Math.round(random.next() < 0.6 ? random.next() * SHORT_MS : random.next() * LONG_MS);
}

function onVictim(act: (world: World, member: Member) => string): Fault['strike'] {
  return (world) => {
    const member = victim(world);
    return member && act(world, member);
  };
}

const kill: Fault = {
  name: 'kill',
  fits: harmful(others),
  strike: onVictim((world, { process }) => {
    process.kill();
    world.timeline.after(RESTART_MS, () => world.launch());
    return process.name;
  }),
};

const terminate: Fault = {
  name: 'terminate',
  fits: harmful(others),
  strike: onVictim((world, { process, instance }) => {
    process.run(() => void instance.stop());
    // A rolling restart adds a new instance first.
    world.launch();
    return process.name;
  }),
};

const freeze: Fault = {
  name: 'freeze',
  fits: harmful(always),
  strike: onVictim((world, { process }) => {
    const ms = duration(world);
    process.freeze();
    world.timeline.after(ms, () => process.thaw());
    return `${process.name} for ${ms} ms`;
  }),
};

const redisCut: Fault = {
  name: 'cut from Redis',
  fits: harmful(always),
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
  fits: harmful(others),
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
  fits: harmful(always),
  strike: onVictim((_, { process, instance }) => {
    for (const connection of instance.connections) connection.reset();
    return process.name;
  }),
};

const scriptsForgotten: Fault = {
  name: 'scripts flushed',
  fits: always,
  strike: (world) => {
    for (const { instance } of world.members) for (const one of instance.connections) one.forgetScripts();
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

/**
 * A replica that lacks something takes over. In rooms that are `replicated` the best one does, at any time; in `primary`
 * rooms any, while every owner is well and stays: owner and primary together may lose what was on both alone.
 */
const failOver: Fault = {
  name: 'failover',
  fits: (world) => failsOver(world) && (world.plan.durability === 'replicated' || world.calm),
  strike: (world) => {
    const { server, random, plan } = world;
    const ms = 200 + Math.round(random.next() * 2_500);
    const best = plan.durability === 'replicated' || random.next() < 0.5 || world.leaving;
    const zombie = random.next() < 0.4;
    server.failOver(ms, { best, zombie });
    if (plan.durability === 'primary') world.spareOwners();
    return `in ${ms} ms, ${best ? 'the best' : 'the worst'} copy${zombie ? ', beside a zombie' : ''}`;
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
  failOver,
  failOver,
  devicesCut,
];

/** What gives a room another owner for sure. */
export const takeover = kill;
