/** Messages between the processes of the cluster: pub/sub for hints and questions, a stream inbox for what must arrive. */
import { type ClusterMessage, type MessageOf, parseClusterMessage } from '../protocol/cluster.js';
import type { InstanceId } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Channels } from '../redis/keys.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import { randomHex } from '../runtime/random.js';
import { INBOX_LENGTH, Inbox } from './inbox.js';

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

export class Bus {
  private readonly handlers = new Map<ClusterMessage['type'], Handler>();
  private readonly questions = new Map<string, (answer: ClusterMessage) => void>();
  private readonly inbox: Inbox;

  /** What `publish` and `ask` take. */
  readonly channels: Channels;

  constructor(private readonly deps: BusDeps) {
    const { id, redis, inbox, clock, log } = deps;
    this.channels = redis.keyspace.channels;
    const handle = (text: string) => this.take(text);
    this.inbox = new Inbox({ key: redis.keyspace.inbox(id), waiting: inbox, redis, clock, log, handle });
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
    subscriber.on('message', (_: string, text: string) => this.hear(text));
    const { broadcast, scaling, instance } = this.channels;
    await subscriber.subscribe(broadcast, scaling, instance(id));
    void this.inbox.read();
  }

  stop(): void {
    this.inbox.stop();
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

  /** A hint: whoever it was for does without it. */
  private hear(text: string): void {
    this.take(text).catch((error: unknown) => this.deps.log.error({ err: error }, 'message not handled'));
  }

  /** @throws what its handler throws */
  private async take(text: string): Promise<void> {
    const message = parseClusterMessage(text);
    if (!message) return;
    if (isAnswer(message)) return this.questions.get(message.request)?.(message);
    await this.handlers.get(message.type)?.(message);
  }
}
