/** Messages between the processes of the cluster: pub/sub for hints and questions, a stream inbox for what must arrive. */
import { type ClusterMessage, type MessageOf, parseClusterMessage } from '../protocol/cluster.js';
import type { InstanceId } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Channels } from '../redis/keys.js';
import { type Clock, sleep, type Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import { randomHex } from '../runtime/random.js';

export interface BusDeps {
  readonly id: InstanceId;
  /** For publishing and adding. */
  readonly redis: RedisConnection;
  /** For subscribing only. */
  readonly subscriber: RedisConnection;
  /** For waiting on the inbox only. */
  readonly inbox: RedisConnection;
  readonly clock: Clock;
  readonly log: Logger;
  /** A name for a question that no other has. */
  readonly newRequest?: () => string;
}

type Handler = (message: ClusterMessage) => Promise<void> | void;

function isAnswer(message: ClusterMessage): message is MessageOf<(typeof ANSWERS)[number]> {
  return (ANSWERS as readonly string[]).includes(message.type);
}

const ANSWERS = ['room_pinned', 'game_migration_answer', 'player_reconnect_response'] as const;
const INBOX_TTL_MS = 60_000;
const INBOX_LENGTH = 10_000;
/** The answer is also a sign of life (see `connection-policy.ts`): well below the silence after which Redis is left, ms. */
const BLOCK_MS = 500;
const RETRY_MS = 200;

export class Bus {
  private readonly handlers = new Map<ClusterMessage['type'], Handler>();
  private readonly questions = new Map<string, (answer: ClusterMessage) => void>();
  private stopped = false;

  /** What `publish` and `ask` take. */
  readonly channels: Channels;

  constructor(private readonly deps: BusDeps) {
    this.channels = deps.redis.keyspace.channels;
  }

  /** Calls `handler` for every message of the type, by whichever way it comes. One handler a type; it is idempotent. */
  on<Type extends ClusterMessage['type']>(
    type: Type,
    handler: (message: MessageOf<Type>) => Promise<void> | void,
  ): void {
    this.handlers.set(type, handler as Handler);
  }

  /** Subscribes and starts to read the inbox. Both find back by themselves after Redis was away. */
  async start(): Promise<void> {
    const { subscriber, id } = this.deps;
    subscriber.on('message', (_: string, text: string) => this.take(text));
    const { broadcast, scaling, instance } = this.channels;
    await subscriber.subscribe(broadcast, scaling, instance(id));
    void this.readInbox();
  }

  stop(): void {
    this.stopped = true;
  }

  /** Sends a hint: lost when nobody listens or Redis is away. Never throws. */
  publish(channel: string, message: ClusterMessage): void {
    this.deps.redis
      .publish(channel, JSON.stringify(message))
      .catch((error: Error) =>
        this.deps.log.debug({ type: message.type, err: error.message }, 'message not published'),
      );
  }

  /** Puts a message into an instance's inbox. @throws when Redis does not confirm */
  async send(to: InstanceId, message: ClusterMessage): Promise<void> {
    const key = this.deps.redis.keyspace.inbox(to);
    await Promise.all([
      this.deps.redis.xadd(key, 'MAXLEN', '~', INBOX_LENGTH, '*', 'message', JSON.stringify(message)),
      this.deps.redis.pexpire(key, INBOX_TTL_MS),
    ]);
  }

  /** Publishes a question and waits for the first answer with its request id; undefined after `timeoutMs`. */
  async ask(
    channel: string,
    question: (request: string) => ClusterMessage,
    timeoutMs: number,
  ): Promise<ClusterMessage | undefined> {
    let first: ClusterMessage | undefined;
    const isFirst = (answer: ClusterMessage) => {
      first = answer;
      return true;
    };
    await this.askAll(channel, question, isFirst, timeoutMs);
    return first;
  }

  /** Publishes a question and hands over every answer, until `enough` says so or `timeoutMs` is over. */
  askAll(
    channel: string,
    question: (request: string) => ClusterMessage,
    enough: (answer: ClusterMessage) => boolean,
    timeoutMs: number,
  ): Promise<void> {
    const { clock, newRequest = () => randomHex(8) } = this.deps;
    const request = newRequest();
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const settle = () => {
        timer?.cancel();
        this.questions.delete(request);
        resolve();
      };
      timer = clock.after(timeoutMs, settle);
      this.questions.set(request, (answer) => {
        if (enough(answer)) settle();
      });
      this.publish(channel, question(request));
    });
  }

  private take(text: string): void {
    const message = parseClusterMessage(text);
    if (!message) return;
    if (isAnswer(message)) return this.questions.get(message.request)?.(message);
    const handler = this.handlers.get(message.type);
    if (!handler) return;
    Promise.resolve()
      .then(() => handler(message))
      .catch((error: unknown) => this.deps.log.error({ type: message.type, err: error }, 'message not handled'));
  }

  /**
   * Reads the inbox from its beginning and takes out what it has read: instance ids are never used twice, so all of it is for
   * this process. It must not wait for entry ids above the last one read: once the key has expired, a Redis whose clock is
   * behind gives lower ones. What a failover puts back is known by its id.
   */
  private async readInbox(): Promise<void> {
    const { inbox, id, clock } = this.deps;
    const key = inbox.keyspace.inbox(id);
    const handled = new Set<string>();
    while (!this.stopped) {
      try {
        const reply = await inbox.xread('BLOCK', BLOCK_MS, 'STREAMS', key, '0');
        const entries = reply?.[0]?.[1] ?? [];
        const fresh = entries.filter(([entryId]) => !handled.has(entryId));
        for (const [entryId, fields] of fresh) {
          handled.add(entryId);
          this.take(fields[1] ?? '');
        }
        for (const entryId of handled) if (handled.size > INBOX_LENGTH) handled.delete(entryId);
        const last = entries.at(-1)?.[0];
        if (last !== undefined) await this.deps.redis.xtrim(key, 'MINID', idAfter(last));
        // Nothing new came: the trimming has not worked, and would be asked for again and again.
        if (last !== undefined && fresh.length === 0) await sleep(clock, RETRY_MS);
      } catch {
        if (!this.stopped) await sleep(clock, RETRY_MS);
      }
    }
  }
}

/** The lowest entry id above this one. */
function idAfter(entryId: string): string {
  const [ms = '0', sequence = '0'] = entryId.split('-');
  return `${ms}-${Number(sequence) + 1}`;
}
