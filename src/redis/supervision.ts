/** Applies the rules of `connection-policy.ts` to a connection of the Redis library. */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { AbstractConnector, type Redis } from 'ioredis';
import { isReplica, reconnectDelay, SILENCE_TICK_MS, SilenceDetector, StartTimeout } from './connection-policy.js';
import { IS_REPLICA, refusal, type ServerInfo } from './judgement.js';

interface ConnectorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ConnectionOptions;
  readonly disconnectTimeout?: number;
}

/** Connects to a host and port, and uses only a server that can be used: a primary, as the library's own connector for sentinels does. */
export class PrimaryConnector extends AbstractConnector {
  private report: (error: Error) => void = () => undefined;
  private readonly address: { host: string; port: number };
  private readonly tls: ConnectionOptions | undefined;

  constructor(options: unknown) {
    const { host = '127.0.0.1', port = 6379, tls, disconnectTimeout = 0 } = options as ConnectorOptions;
    super(disconnectTimeout);
    this.address = { host, port };
    this.tls = tls;
  }

  override async connect(emit: (type: string, error: Error) => void): Promise<Socket> {
    this.connecting = true;
    this.report = (error) => emit('error', error);
    const stream = this.tls ? connectTls({ ...this.tls, ...this.address }) : connectTcp(this.address);
    stream.once('error', (error) => {
      this.firstError = error;
    });
    this.stream = stream;
    return stream;
  }

  /** @param info what the server says of itself, by name */
  override check(info: ServerInfo): boolean {
    const why = refusal(info);
    if (why !== undefined) this.report(new Error(why));
    return why === undefined;
  }
}

/** Gives every attempt to connect the time that the attempts before it show to be needed. */
export class StartSupervisor {
  private readonly timeout = new StartTimeout();
  private phaseStartedAt = performance.now();
  private greeting: ReturnType<typeof setTimeout> | undefined;
  private connection: Redis | undefined;
  private greeted = false;

  supervise(connection: Redis): void {
    this.connection = connection;
    this.apply();
    connection.on('connecting', () => {
      this.greeted = false;
      this.phaseStartedAt = performance.now();
    });
    connection.on('connect', () => {
      clearTimeout(this.greeting);
      this.phaseStartedAt = performance.now();
      // A server that takes the connection and then says nothing may stand still, and another have taken over.
      this.greeting = setTimeout(() => connection.stream.destroy(), this.timeout.ms);
    });
    connection.on('ready', () => {
      clearTimeout(this.greeting);
      this.greeted = true;
      this.timeout.succeeded(performance.now() - this.phaseStartedAt);
      this.apply();
    });
    connection.on('close', () => clearTimeout(this.greeting));
  }

  /** An attempt, or a round of all sentinels, has failed. The pause before the next, ms. @param attempts in a row */
  nextAttempt(attempts: number): number {
    const now = performance.now();
    if (!this.greeted) this.timeout.failed(now - this.phaseStartedAt);
    this.phaseStartedAt = now;
    this.apply();
    return reconnectDelay(attempts);
  }

  /** The library reads these at every attempt. */
  private apply(): void {
    if (!this.connection) return;
    const { options } = this.connection as Redis & { options: { sentinelCommandTimeout?: number } };
    options.connectTimeout = this.timeout.ms;
    options.sentinelCommandTimeout = this.timeout.ms;
  }
}

/**
 * Leaves a server that has gone silent and, with `primaryOnly`, one that says that it has become a replica: nothing else
 * would tell a connection that only listens.
 */
export function superviseSilence(connection: Redis, primaryOnly: boolean): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => clearInterval(timer);
  connection.on('ready', () => {
    stop();
    const { stream } = connection;
    const detector = new SilenceDetector();
    let bytes = stream.bytesRead;
    timer = setInterval(() => {
      const heard = stream.bytesRead !== bytes;
      bytes = stream.bytesRead;
      const verdict = detector.tick(heard);
      if (verdict === 'leave') stream.destroy(new Error('Redis is silent'));
      if (verdict === 'ask') ask(connection, () => primaryOnly && stream.destroy(new Error(IS_REPLICA)));
    }, SILENCE_TICK_MS);
  });
  connection.on('close', stop);
}

/** An answer of any kind is a sign of life. */
function ask(connection: Redis, onReplica: () => void): void {
  // In the older protocol a subscribed connection takes nothing else.
  if (connection.mode === 'subscriber') return void connection.ping().catch(() => undefined);
  connection.info('replication').then(
    (info) => {
      if (isReplica(info)) onReplica();
    },
    () => undefined,
  );
}
