/** What a move costs each server: processor time of the server's process, in alternating runs. */
import { installPeers } from '../peers.js';
import type { Pinned } from '../processes.js';
import * as servers from '../servers.js';
import type { Stand } from '../stand.js';
import { type Spread, spread } from '../statistics.js';

export interface MoveOptions {
  readonly rooms: number;
  readonly rounds: number;
  /** Of each run, ms. */
  readonly ms: number;
  /** Moves of each server before its first run. */
  readonly warmUp?: number;
}

export interface MoveFigure {
  readonly name: ServerName;
  /** µs of the server's processor time a move. */
  readonly cpu: Spread;
  /** The same of each round: servers are compared within a round. */
  readonly rounds: readonly number[];
  /** Part of a run in which the server had work; well below 1, it was the load that was too slow. */
  readonly busy: number;
  readonly movesPerSecond: number;
  /** µs of Redis a move. */
  readonly redis: number;
}

/** A server with all its tables. */
interface Contender {
  readonly name: ServerName;
  readonly server: Pinned;
  readonly runs: { cpu: number; busy: number; rate: number; redis: number }[];
}

type Enter = (stand: Stand, set: string, rooms: number) => Promise<servers.Server>;

const ours =
  (game: 'hokm' | 'relay'): Enter =>
  async ({ load, redisUrl }, set, rooms) => {
    const server = await servers.startInstance(redisUrl);
    await servers.openRooms(load, set, server.port, rooms, { game });
    return server;
  };

const relaying =
  (dialect: 'raw' | 'colyseus' | 'socketIo', start: (redisUrl: string) => Promise<servers.Server>): Enter =>
  async ({ load, redisUrl }, set, rooms) => {
    const server = await start(redisUrl);
    await servers.openTables(load, set, server.port, servers.tableNames(set, rooms), dialect);
    return server;
  };

const ENTER = {
  hokm: ours('hokm'),
  relay: ours('relay'),
  raw: relaying('raw', servers.startRawInMemory),
  raw_lua: relaying('raw', servers.startRawWithLua),
  colyseus: relaying('colyseus', servers.startColyseus),
  socket_io: relaying('socketIo', servers.startSocketIo),
} as const;

export type ServerName = keyof typeof ENTER;
export const SERVER_NAMES = Object.keys(ENTER) as ServerName[];
/** Need no other packages than the product's. */
export const WITHOUT_PEERS: readonly ServerName[] = ['hokm', 'raw_lua'];

/**
 * Who is played on after whom: Hokm between those that it is judged by. The speed of a machine changes from second to
 * second, and with it what a move costs; neighbours see most of the same.
 */
const TURNS: readonly ServerName[] = ['relay', 'raw', 'raw_lua', 'hokm', 'colyseus', 'socket_io'];

const TOLD_ROUNDS = 10;

/** All servers run all the time, but only one at a time is played on. */
export async function measureMoves(
  stand: Stand,
  names: readonly ServerName[],
  { rooms, rounds, ms, warmUp }: MoveOptions,
): Promise<MoveFigure[]> {
  if (names.some((name) => !WITHOUT_PEERS.includes(name))) await installPeers();
  const contenders: Contender[] = [];
  try {
    for (const name of names) {
      stand.tell(`${name}: opening ${rooms} rooms`);
      const { process: server } = await ENTER[name](stand, name, rooms);
      contenders.push({ name, server, runs: [] });
    }
    for (const name of names) await stand.load.warmUp(name, warmUp);
    const inTurn = contenders.toSorted((one, other) => TURNS.indexOf(one.name) - TURNS.indexOf(other.name));
    for (let round = 1; round <= rounds; round++) {
      if (round % TOLD_ROUNDS === 0) stand.tell(`round ${round} of ${rounds}`);
      for (const contender of round % 2 ? inTurn : inTurn.toReversed()) {
        contender.runs.push(await play(stand, contender, ms));
      }
    }
  } finally {
    // Before their servers: who plays this project would try to come back.
    await Promise.all(contenders.map(({ name }) => stand.load.order({ do: 'close', set: name })));
    await Promise.all(contenders.map(({ server }) => server.stop()));
  }
  return contenders.map(({ name, runs }) => ({
    name,
    cpu: spread(runs.map(({ cpu }) => cpu)),
    rounds: runs.map(({ cpu }) => cpu),
    busy: spread(runs.map(({ busy }) => busy)).median,
    movesPerSecond: spread(runs.map(({ rate }) => rate)).median,
    redis: spread(runs.map(({ redis }) => redis)).median,
  }));
}

async function play(stand: Stand, { name, server }: Contender, ms: number): Promise<Contender['runs'][number]> {
  await stand.load.leadIn(name);
  const before = { at: performance.now(), cpu: server.cpuUs(), busy: server.busyUs(), redis: stand.redisCpuUs() };
  const { moves } = await stand.load.order({ do: 'play', set: name, ms });
  const wallUs = (performance.now() - before.at) * 1_000;
  return {
    cpu: (server.cpuUs() - before.cpu) / moves,
    busy: (server.busyUs() - before.busy) / wallUs,
    rate: (moves * 1e6) / wallUs,
    redis: (stand.redisCpuUs() - before.redis) / moves,
  };
}

/** Median over the rounds of what `name` costs in parts of what `other` costs; undefined when one was not measured. */
export function ratio(figures: readonly MoveFigure[], name: ServerName, other: ServerName): number | undefined {
  const [ours, theirs] = [name, other].map((one) => figures.find((figure) => figure.name === one)?.rounds);
  if (!ours || !theirs) return undefined;
  return spread(ours.map((cpu, round) => cpu / (theirs[round] ?? Number.NaN))).median;
}
