/** A Redis that survives its primary: one primary, two replicas and three sentinels, with folders and ports of their own. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../deploy/local/ports.js';
import { end, spawnOwned, until } from '../support/programs.js';
import type { ExternalRedis } from './cluster-under-test.js';
import { NodeRelay, type Watch } from './node-relay.js';
import { withNode } from './redis-node.js';
import { untilFound } from './until-found.js';

interface Node {
  readonly port: number;
  /** Where all others reach it. */
  readonly relay: NodeRelay | undefined;
  readonly folder: string;
  process: ChildProcess;
}

const MASTER = 'hokm';
const REPLICAS = 2;
const SENTINELS = 3;
const DOWN_AFTER_MS = 2_000;
/** A second failover of the same primary waits for twice as long. */
const FAILOVER_TIMEOUT_MS = 5_000;
const COPIES_MS = 60_000;

export class SentinelRedis {
  private readonly nodes: Node[] = [];
  private readonly sentinels: ChildProcess[] = [];
  /** When nodes were killed, monotonic ms. */
  readonly deaths: number[] = [];
  readonly sentinelPorts: number[] = [];

  private constructor(
    private readonly folder: string,
    private readonly relayed: boolean,
  ) {}

  /**
   * @param folder that the caller removes.
   * @param relayed each node is reached through a relay, which can hold back what it replicates.
   */
  static async start(folder: string, relayed = false): Promise<SentinelRedis> {
    const redis = new SentinelRedis(folder, relayed);
    await redis.startNodes();
    await redis.startSentinels();
    await redis.copied();
    return redis;
  }

  /** The environment of a cluster that uses it. */
  get environment(): ExternalRedis {
    return {
      REDIS_URL: `redis://127.0.0.1:${doorOf(this.nodes[0])}`,
      REDIS_SENTINELS: this.sentinelPorts.map((port) => `127.0.0.1:${port}`).join(','),
      REDIS_MASTER_NAME: MASTER,
      REDIS_COPIES: String(1 + REPLICAS),
    };
  }

  /** Port of the node that is primary now. An old one that comes back is told after 8 s that it is none any more. */
  async primary(): Promise<number> {
    const look = async () => {
      const roles = await Promise.all(this.nodes.map((node) => this.info(node.port)));
      const primaries = this.nodes.filter((_, at) => roles[at]?.includes('role:master'));
      return primaries.length === 1 ? primaries[0]?.port : undefined;
    };
    return untilFound('one primary', look, COPIES_MS);
  }

  /** Ports of nodes and sentinels. */
  get ports(): readonly number[] {
    return [...this.nodes.map(({ port }) => port), ...this.sentinelPorts];
  }

  get nodePorts(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  signal(port: number, name: NodeJS.Signals): void {
    if (name === 'SIGKILL') this.deaths.push(performance.now());
    this.node(port).process.kill(name);
  }

  killSentinel(port: number): void {
    this.sentinels[this.sentinelPorts.indexOf(port)]?.kill('SIGKILL');
  }

  /** Starts a killed sentinel again on what it knew; resolves when it knows the others. */
  async restartSentinel(port: number): Promise<void> {
    const at = this.sentinelPorts.indexOf(port);
    const killed = this.sentinels[at];
    if (killed) await end(killed);
    this.sentinels[at] = spawnOwned('redis-server', [this.sentinelSettings(at), '--sentinel']);
    await this.sentinelsAgree();
  }

  /** Replicas get everything so much later from now on, ms; only where nodes are relayed. */
  lag(ms: number): void {
    for (const { relay } of this.nodes) if (relay) relay.lagMs = ms;
  }

  /** Sees what clients send to the node before the node does. */
  watch(port: number, watch: Watch | undefined): void {
    const { relay } = this.node(port);
    if (!relay) throw new Error('the node is not relayed');
    relay.watch = watch;
  }

  killAll(): void {
    this.deaths.push(performance.now());
    for (const { process } of this.nodes) process.kill('SIGKILL');
  }

  /** Starts all killed nodes again on their files, `primary` first. */
  async rejoinAll(primary: number): Promise<void> {
    const first = this.node(primary);
    for (const node of [first, ...this.nodes.filter((other) => other !== first)]) {
      await end(node.process);
      node.process = this.launch(node, node === first ? undefined : first);
    }
    await this.copied();
  }

  /** Starts a killed node again, as a replica of whoever is primary; resolves when all copies follow again. */
  async rejoin(port: number): Promise<void> {
    const primary = this.node(await this.primary());
    const node = this.node(port);
    if (primary !== node && !isRunning(node)) {
      await end(node.process);
      node.process = this.launch(node, primary);
    }
    await this.copied();
  }

  /** Starts a killed node again as what it was, or as the sentinels have last told it to be. */
  async restart(port: number): Promise<void> {
    const node = this.node(port);
    if (isRunning(node)) return;
    await end(node.process);
    node.process = spawnOwned('redis-server', [settingsOf(node)]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.nodes.map(({ process }) => process)].map((child) => end(child)));
    await Promise.all(this.nodes.map(({ relay }) => relay?.stop()));
  }

  /** Resolves when the primary has all its replicas. */
  async copied(): Promise<void> {
    await until(
      'all copies follow the primary',
      async () => {
        const info = await this.info(await this.primary());
        return (info?.match(/state=online.*lag=[01]\b/g)?.length ?? 0) === REPLICAS;
      },
      COPIES_MS,
    );
  }

  private async startNodes(): Promise<void> {
    for (let at = 0; at <= REPLICAS; at++) {
      const folder = join(this.folder, `node-${at}`);
      await mkdir(folder, { recursive: true });
      const port = await freePort();
      const node = { port, folder, relay: this.relayed ? await NodeRelay.to(port) : undefined };
      this.nodes.push({ ...node, process: this.launch(node, this.nodes[0]) });
      await until('a node answers', async () => (await this.info(node.port)) !== undefined);
    }
  }

  private launch(node: Omit<Node, 'process'>, primary: Omit<Node, 'process'> | undefined): ChildProcess {
    const { port, folder } = node;
    const settings = {
      port,
      bind: '127.0.0.1',
      // Instances dial from other loopback addresses, which it would take for other hosts.
      'protected-mode': 'no',
      dir: folder,
      logfile: join(folder, 'log'),
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      'maxmemory-policy': 'noeviction',
      'min-replicas-to-write': 1,
      'min-replicas-max-lag': 5,
      'repl-diskless-sync-delay': 0,
      'replica-announce-ip': '127.0.0.1',
      'replica-announce-port': doorOf(node),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} ${value === '' ? '""' : value}`);
    if (primary) lines.push(`replicaof 127.0.0.1 ${doorOf(primary)}`);
    // A file, in which the sentinels keep what they make of the node.
    writeFileSync(settingsOf(node), `${lines.join('\n')}\n`);
    return spawnOwned('redis-server', [settingsOf(node)]);
  }

  private async startSentinels(): Promise<void> {
    const primary = doorOf(this.nodes[0]);
    for (let at = 0; at < SENTINELS; at++) {
      const folder = join(this.folder, `sentinel-${at}`);
      await mkdir(folder, { recursive: true });
      const port = await freePort();
      const settings = this.sentinelSettings(at);
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir "${folder}"`,
        `logfile "${join(folder, 'log')}"`,
        `sentinel monitor ${MASTER} 127.0.0.1 ${primary} 2`,
        `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${MASTER} ${FAILOVER_TIMEOUT_MS}`,
        `sentinel parallel-syncs ${MASTER} 2`,
      ];
      await writeFile(settings, `${lines.join('\n')}\n`);
      this.sentinels.push(spawnOwned('redis-server', [settings, '--sentinel']));
      this.sentinelPorts.push(port);
    }
    await this.sentinelsAgree();
  }

  private sentinelSettings(at: number): string {
    return join(this.folder, `sentinel-${at}`, 'sentinel.conf');
  }

  private async sentinelsAgree(): Promise<void> {
    const agreed = new RegExp(`master0:.*slaves=${REPLICAS},sentinels=${SENTINELS}`);
    await until(
      'the sentinels know each other',
      async () => {
        const infos = await Promise.all(this.sentinelPorts.map((port) => this.info(port, 'sentinel')));
        return infos.every((info) => agreed.test(info ?? ''));
      },
      COPIES_MS,
    );
  }

  private node(port: number): Node {
    const node = this.nodes.find((one) => one.port === port);
    if (!node) throw new Error(`no node on ${port}`);
    return node;
  }

  private info(port: number, section = 'replication'): Promise<string | undefined> {
    return withNode(port, (redis) => redis.info(section));
  }
}

const settingsOf = ({ folder }: Pick<Node, 'folder'>) => join(folder, 'redis.conf');
const isRunning = ({ process }: Node) => process.exitCode === null && process.signalCode === null;

/** Where others reach the node. */
function doorOf(node: Omit<Node, 'process'> | undefined): number {
  if (!node) throw new Error('there is no node');
  return node.relay?.port ?? node.port;
}
