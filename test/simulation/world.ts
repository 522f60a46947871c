/** A whole simulated cluster, from one seed: Redis, instances, rooms with their players, and what is written down of it. */

import { readFileSync } from 'node:fs';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { ClusterMessage } from '../../src/protocol/cluster.js';
import type { Digest, InstanceId, RoomCode, Seq } from '../../src/protocol/ids.js';
import { chain } from '../../src/room/history.js';
import type { RoomHead } from '../../src/room/state.js';
import type { StoredEntry, StoredSnapshot } from '../../src/room/store.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { RoomHistory } from '../chaos/history.js';
import { Seeded } from '../chaos/seeded.js';
import { KEYS } from '../support/keys.js';
import { Backups } from './backups.js';
import { metaOf } from './check.js';
import { Copied } from './copied.js';
import { Coverage, MESSAGES, outcomeOf } from './coverage.js';
import { SimulatedInstance } from './instance.js';
import { LoadBalancer } from './load-balancer.js';
import { Network } from './network.js';
import type { Plan } from './plan.js';
import { Process } from './process.js';
import { REDIS, SimulatedConnection } from './redis/connection.js';
import type { Reply } from './redis/lua.js';
import { RedisServer, type Request } from './redis/server.js';
import { seatPlayers } from './seating.js';
import type { Sitter } from './sitter.js';
import { Tails } from './tails.js';
import { Timeline } from './timeline.js';
import { Watchdog } from './watchdog.js';
import { Ways } from './ways.js';

const ROOM_TTL_MS = 7 * 86_400_000;
/** Within which a new room is on all copies, or is stored again. */
const CREATE_MS = 5_000;
/** Until a supervisor has started another process in place of one that could not start. */
const RESTART_MS = 500;
/** 2027, somewhere: cluster time when the world begins, ms since the epoch. */
const BEGINNING = 1_800_000_000_000;

/** One instance with its process. */
export interface Member {
  readonly process: Process;
  readonly instance: SimulatedInstance;
}

const CREATE_ROOM = readFileSync(new URL('src/redis/lua/createRoom-1.lua', packageRoot), 'utf8');

export interface PlayedRoom {
  readonly head: RoomHead;
  readonly history: RoomHistory;
  readonly players: Sitter[];
  /** The highest entry that anybody was told of. */
  told: number;
  /** When something was committed last, or its players came, world ms. */
  movedAt: number;
  /** Digests that Redis has said yes to, by seq. */
  readonly committed: Map<number, Set<Digest>>;
  /** Those of them that a majority of the copies had at some time. */
  readonly copied: Set<Digest>;
  /** The same with their texts, each with the one before it: a store that was restored lacks those behind its snapshot. */
  readonly lines: Map<Digest, StoredEntry & { readonly before: Digest }>;
}

export class World {
  readonly timeline = new Timeline();
  readonly random: Seeded;
  readonly network: Network;
  readonly server: RedisServer;
  readonly ways: Ways;
  readonly balancer: LoadBalancer;
  readonly members: Member[] = [];
  readonly rooms: PlayedRoom[] = [];
  readonly complaints: string[] = [];
  readonly coverage = new Coverage();
  readonly tails: Tails = new Tails(this);
  readonly backups: Backups = new Backups(this);
  private readonly copied: Copied;
  readonly watchdog: Watchdog;
  commits = 0;
  takeovers = 0;
  /** Told of every moment at which a fault may strike: where a request is, and its name. */
  onMoment: (moment: string) => void = () => undefined;
  private started = 0;
  private closed = false;

  constructor(
    readonly seed: number,
    readonly plan: Plan,
  ) {
    this.random = new Seeded(seed ^ 0x9e3779b9);
    this.network = new Network(this.timeline, this.random);
    this.network.slowness = plan.slowness;
    this.network.distance = { place: REDIS, ms: plan.redisAwayMs };
    this.ways = new Ways(this);
    const { copies, lagMs, tellsOfDisks } = plan;
    const options = { copies, lagMs, tellsOfDisks, startsAt: BEGINNING };
    this.copied = new Copied(Math.floor(copies / 2));
    this.server = new RedisServer(this.timeline, this.random, options, {
      ran: (...run) => this.ran(...run),
      copied: () => this.copied.look(this.server.replicas),
      shortened: () => {
        this.copied.shorten(this.server.written);
        this.tails.shortened();
      },
      moment: (stage, name) => {
        if (stage === 'executed' && MESSAGES.has(name)) this.coverage.count('message', name);
        this.onMoment(`${stage} ${name}`);
      },
    });
    // Whoever takes over has another clock.
    this.server.stepClock(this.server.replicas, plan.hostClocksMs);
    this.watchdog = new Watchdog(this);
    this.balancer = new LoadBalancer(this, BEGINNING);
    for (let at = 0; at < plan.instances; at++) this.launch();
    for (let at = 0; at < plan.rooms; at++) this.openRoom(at);
  }

  /** Instances that could take players. */
  get ready(): Member[] {
    return this.members.filter(({ instance }) => instance.ready);
  }

  /** Starts an instance, as a supervisor does. */
  launch(): Member {
    const { plan, timeline, network, server, random } = this;
    const number = this.started++;
    const process = new Process(timeline, `game-${number}`);
    const moment = (stage: string, name: string) => this.onMoment(`${stage} ${name}`);
    const instance: SimulatedInstance = new SimulatedInstance({
      process,
      port: 7_000 + number,
      copies: plan.copies,
      logKeep: plan.logKeep,
      startsAt: BEGINNING + plan.clockErrorMs * (2 * random.next() - 1),
      hex: (digits) => this.hex(digits),
      count: (kind, name) => this.coverage.count(kind, name),
      complain: (text) => this.complaints.push(`${process.name}: ${text}`),
      connect: (patient) => new SimulatedConnection({ process, network, server, random, moment }, patient),
      probe: (address) => this.ways.probe(process, address),
      pipe: (wire, code, address, taken) => this.ways.pipe(instance, wire, code, address, taken),
    });
    const member = { process, instance };
    this.members.push(member);
    timeline.after(0, () => {
      instance.start().catch(() => {
        process.kill();
        timeline.after(RESTART_MS, () => this.closed || this.launch());
      });
    });
    return member;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.random.between(0, 0xffffff).toString(16).padStart(6, '0');
    return text.slice(0, digits);
  }

  /** The instance that Redis calls the room's owner. */
  ownerOf(code: RoomCode): Member | undefined {
    const [owner] = this.server.peek('HMGET', KEYS.roomMeta(code), 'owner') as [string | null];
    return this.members.find(({ process }) => process.name === owner);
  }

  /** Nothing is under way, and everybody has seen the same end. */
  get atRest(): boolean {
    return this.rooms.every((room) => {
      const meta = metaOf(this, room);
      return room.players.every((player) => player.calm && player.cursor?.digest === meta?.digest);
    });
  }

  /** Somebody puts a message into an instance's inbox. */
  send(to: InstanceId, message: ClusterMessage): void {
    this.order(['XADD', KEYS.inbox(to), '*', 'message', JSON.stringify(message)]);
  }

  /** Somebody tells all instances. */
  announce(message: ClusterMessage): void {
    this.order(['PUBLISH', KEYS.channels.scaling, JSON.stringify(message)]);
  }

  /** Somebody gives Redis a command. */
  order(request: Request): void {
    const session = this.server.connect({ message: () => undefined, ended: () => undefined });
    this.server.take(session, request, () => this.server.disconnect(session));
  }

  /** Everything that was broken is whole again, and players give no new commands. */
  heal(): void {
    this.network.healAll();
    for (const { process } of this.members) process.thaw();
    if (this.ready.length === 0) this.launch();
    for (const { players } of this.rooms) for (const player of players) player.rest();
  }

  get over(): boolean {
    return this.closed;
  }

  /** Nothing of it runs any more. */
  end(): void {
    this.closed = true;
    this.balancer.end();
    for (const { process } of this.members) process.kill();
  }

  private openRoom(at: number): void {
    const { plan, timeline } = this;
    const code = `S1M${String(at).padStart(5, '0')}` as RoomCode;
    const head: RoomHead = {
      code,
      game: hokm.id,
      rulesVersion: hokm.rulesVersion,
      options: hokm.optionsSchema.parse({ target_points: plan.targetPoints, play_all_tricks: plan.playAllTricks }),
      settings: {
        durability: plan.durability,
        turn_ms: plan.turnMs,
        bot_ms: plan.botMs,
        hold_ms: plan.holdMs,
        public: plan.isPublic,
      },
      createdAt: BEGINNING,
    };
    const history = new RoomHistory(code, undefined, () => timeline.now);
    const room: PlayedRoom = {
      head,
      history,
      players: [],
      told: 0,
      movedAt: 0,
      committed: new Map(),
      copied: new Set(),
      lines: new Map(),
    };
    this.rooms.push(room);
    this.createRoom(head, () => {
      // Before, nobody could do anything: copies that are away hold it up.
      room.movedAt = timeline.now;
      seatPlayers(this, room);
    });
  }

  complain(code: RoomCode, text: string): void {
    this.complaints.push(`${code}: ${text}`);
  }

  /** Again until all copies have it: whoever answers that a room is there does not wait for them, and may lose it. */
  private createRoom(head: RoomHead, then: () => void): void {
    const key = KEYS.roomMeta(head.code);
    const replicas = String(this.plan.copies - 1);
    const session = this.server.connect({ message: () => undefined, ended: () => undefined });
    const again = this.timeline.after(CREATE_MS, () => this.createRoom(head, then));
    const args = [key, JSON.stringify(head), '0'.repeat(16), String(ROOM_TTL_MS)] as const;
    this.server.take(session, ['EVAL', CREATE_ROOM, '1', ...args], () =>
      this.server.take(session, ['WAIT', replicas, String(CREATE_MS)], (copied) => {
        if (copied !== this.plan.copies - 1) return;
        again.cancel();
        this.server.disconnect(session);
        this.timeline.after(50, then);
      }),
    );
  }

  private ran(name: string, args: readonly string[], reply: Reply, end: number | undefined): void {
    const outcome = outcomeOf(reply);
    this.coverage.count('script', name);
    this.coverage.count('outcome', `${name}: ${outcome}`);
    if (outcome === 'ok') {
      if (name === 'claimRoom' && args[3] !== '') this.takeovers += 1;
      if (name === 'claimRoom' && Array.isArray(reply) && reply[2] !== null) this.tails.claimed();
      if (name === 'claimRoom') this.noteClaim(args, end);
      if (name === 'commitRoom') this.noteCommit(args, end);
      if (name === 'restoreRoom') this.noteRestored(args, end);
    }
  }

  private noteCommit([meta = '', , , , seq, before, , ...texts]: readonly string[], end: number | undefined): void {
    if (texts.length > 0) this.noteEntries(meta, Number(seq), before as Digest, texts, end);
  }

  /** An owner that claims again writes what the log lacks. */
  private noteClaim([meta = '', ...given]: readonly string[], end: number | undefined): void {
    const [seq, digest, , ...texts] = given.slice(7);
    if (texts.length > 0) this.noteEntries(meta, Number(seq), digest as Digest, texts, end);
  }

  /** What an owner stores whole may have entries in it that it was not told are stored. */
  private noteRestored([meta = '', ...given]: readonly string[], end: number | undefined): void {
    const { seq, digest } = JSON.parse(given[10] ?? '') as StoredSnapshot;
    this.noteEntries(meta, seq, digest, given.slice(13), end);
  }

  private noteEntries(metaKey: string, seq: number, before: Digest, texts: readonly string[], end?: number): void {
    const code = metaKey.slice(metaKey.indexOf('{') + 1, metaKey.indexOf('}'));
    const room = this.rooms.find(({ head }) => head.code === code);
    if (!room) return;
    this.commits += 1;
    room.movedAt = this.timeline.now;
    let last = before;
    for (const [at, text] of texts.entries()) {
      const digest = chain(last, text);
      const place = (seq + at + 1) as Seq;
      const known = room.committed.get(place) ?? new Set();
      known.add(digest);
      room.committed.set(place, known);
      room.lines.set(digest, { seq: place, text, before: last });
      if (end !== undefined) this.copied.when(end, () => room.copied.add(digest));
      last = digest;
    }
  }

  /** The output gate, from outside: whatever an instance tells of the log, Redis has said yes to. */
  overheard(code: RoomCode, text: string): void {
    if (this.closed || !/^\{"type":"(event|ack)"/.test(text)) return;
    const seq = Number(/"seq":(\d+)/.exec(text)?.[1]);
    const digest = /^\{"type":"event","seq":\d+,"digest":"([0-9a-f]+)"/.exec(text)?.[1] as Digest | undefined;
    const room = this.rooms.find(({ head }) => head.code === code);
    if (room) room.told = Math.max(room.told, seq);
    const known = room?.committed.get(seq);
    const isStored = known && (digest === undefined || known.has(digest));
    if (!isStored) this.complain(code, `was told of before it was stored: ${text.slice(0, 80)}`);
    else if (room && !this.isSafe(room, seq)) this.complain(code, `was told of ${seq} before its copies had it`);
  }

  /** Whether an entry may be told of: in a `replicated` room a majority of the copies has had it. */
  isSafe({ head, committed, copied }: PlayedRoom, seq: number): boolean {
    if (seq === 0 || head.settings.durability !== 'replicated') return true;
    return [...(committed.get(seq) ?? [])].some((digest) => copied.has(digest));
  }
}
