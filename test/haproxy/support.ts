/** A real HAProxy, its controller and echo instances on free ports, all ended by `stop`. */
import type { ChildProcess } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { RuntimeApi } from '../../haproxy/runtime-api.js';
import { type InstanceStatus, Registry } from '../../src/cluster/registry.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { addressOf, testHost } from '../support/host.js';
import { end, freePort, spawnOwned, spawnServer, type TestRedis, temporaryFolder, until } from '../support/programs.js';

export const LEASE_MS = 1_000;
const HEARTBEAT_MS = 100;
export const CONFIG_FILE = fileURLToPath(new URL('haproxy/haproxy.cfg', packageRoot));
export const BACKEND_FILE = fileURLToPath(new URL('haproxy/game.cfg', packageRoot));
const built = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface TestHAProxy {
  readonly port: number;
  readonly opsPort: number;
  readonly socket: string;
  readonly masterSocket: string;
  /** Where the controller writes the servers down. */
  readonly backendFile: string;
  readonly api: RuntimeApi;
  process: ChildProcess;
  /** Starts it again on the same ports after its end. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function haproxyEnvironment(folder: string): Promise<Record<string, string>> {
  const [port, opsPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  return {
    STATS_USER: 'operator',
    STATS_PASSWORD: 'a "quoted" $ecret',
    HAPROXY_BIND: testHost(),
    HAPROXY_OPS_BIND: testHost(),
    HAPROXY_PEER_BIND: testHost(),
    HAPROXY_PORT: String(port),
    HAPROXY_OPS_PORT: String(opsPort),
    HAPROXY_PEER_PORT: String(peerPort),
    HAPROXY_SOCKET: join(folder, 'admin.sock'),
  };
}

export async function startHAProxy(extra: Record<string, string> = {}): Promise<TestHAProxy> {
  const folder = await temporaryFolder();
  const environment = { ...(await haproxyEnvironment(folder.path)), ...extra };
  const socket = environment.HAPROXY_SOCKET ?? '';
  const api = new RuntimeApi(socket);
  const masterSocket = join(folder.path, 'master.sock');
  const backendFile = join(folder.path, 'game.cfg');
  await copyFile(BACKEND_FILE, backendFile);
  const launch = () =>
    spawnServer(
      'haproxy',
      ['-W', '-S', `${masterSocket},level,admin`, '-db', '-f', CONFIG_FILE, '-f', backendFile],
      () => api.worker().catch(() => false),
      {
        env: { ...process.env, ...environment },
      },
    );
  const haproxy: TestHAProxy = {
    port: Number(environment.HAPROXY_PORT),
    opsPort: Number(environment.HAPROXY_OPS_PORT),
    socket,
    masterSocket,
    backendFile,
    api,
    process: await launch(),
    restart: async () => {
      haproxy.process = await launch();
    },
    stop: async () => {
      // SIGTERM, because the master of a killed HAProxy leaves its worker behind.
      await end(haproxy.process, 'SIGTERM');
      await folder.remove();
    },
  };
  return haproxy;
}

export function controllerEnvironment(
  redis: TestRedis,
  haproxy: Pick<TestHAProxy, 'socket' | 'masterSocket' | 'backendFile'>,
): Record<string, string> {
  return {
    REDIS_URL: redis.url,
    HAPROXY_SOCKET: haproxy.socket,
    HAPROXY_MASTER_SOCKET: haproxy.masterSocket,
    HAPROXY_BACKEND_FILE: haproxy.backendFile,
    HOKM_LEASE_MS: String(LEASE_MS),
    HOKM_HEARTBEAT_MS: String(HEARTBEAT_MS),
    HOKM_RECONCILE_MS: '200',
    HOKM_DELETE_WAIT_MS: '400',
    LOG_LEVEL: 'warn',
  };
}

export const CONTROLLER = built('haproxy/main.js');

/** Resolves when the controller says that it is ready. */
export async function startController(
  redis: TestRedis,
  haproxy: TestHAProxy,
  settings: Record<string, string> = {},
): Promise<ChildProcess> {
  const env = { ...process.env, ...controllerEnvironment(redis, haproxy), ...settings };
  const child = spawnOwned(process.execPath, [CONTROLLER, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr?.on('data', (data) => {
    errors += String(data);
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the controller ended with ${code}: ${errors}`)));
  });
  return child;
}

export interface EchoInstance {
  readonly process: ChildProcess;
  readonly id: InstanceId;
  readonly number: number;
  readonly port: number;
  order(order: InstanceStatus | 'silent' | 'leave'): void;
}

export async function startInstance(redis: TestRedis): Promise<EchoInstance> {
  const args = [built('test/haproxy/echo-instance.js'), redis.url, String(LEASE_MS), String(HEARTBEAT_MS)];
  const child = spawnOwned(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const said = await new Promise<{ id: InstanceId; number: number; port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { id: InstanceId; number: number; port: number }));
    child.once('exit', (code) => reject(new Error(`the echo instance ended with ${code}`)));
  });
  return { process: child, ...said, order: (order) => child.send(order) };
}

/** Waits until HAProxy shows the instance in this state. */
export function shownAs(haproxy: TestHAProxy, id: InstanceId, state: 'ready' | 'drain' | 'maint' | 'deleted') {
  return until(`${id} is ${state}`, async () => {
    const servers = await haproxy.api.servers().catch(() => undefined);
    return servers !== undefined && (servers.find(({ name }) => name === id)?.state ?? 'deleted') === state;
  });
}

export interface Joined {
  readonly socket: WebSocket;
  /** The instance that answered. */
  readonly id: InstanceId;
  /** The room code that it was given. */
  readonly room: string;
}

/** Opens a WebSocket; `code` goes into the address as it is. Fails with the HTTP status when it is refused. */
export function enter(port: number, code: string, headers: Record<string, string> = {}): Promise<Joined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${addressOf(port)}/ws?room_code=${code}`, { headers });
    socket.once('message', (data) =>
      resolve({ socket, ...(JSON.parse(String(data)) as { id: InstanceId; room: string }) }),
    );
    socket.once('error', reject);
  });
}

/** Joins, leaves again and says where it was. */
export async function whereIs(port: number, code: string): Promise<InstanceId> {
  const { socket, id } = await enter(port, code);
  socket.terminate();
  return id;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** One request with its path sent as it is written (`fetch` would tidy it up). */
export function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; localAddress?: string } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({ host: testHost(), port, path, agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Waits until the controller has compared everything `times` more, as it reports in Redis. */
export async function reconciled(redis: RedisConnection, times: number): Promise<void> {
  const registry = new Registry(redis, LEASE_MS);
  const seen = new Set<string>();
  await until(`${times} more reconciles`, async () => {
    for (const { last_reconcile } of await registry.controllerReports()) seen.add(last_reconcile ?? '');
    return seen.size > times;
  });
}
