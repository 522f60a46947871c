/** The players who are not part of any attack: how long their moves take while one is on, and how long it takes to join. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { RoomCode } from '../../src/protocol/ids.js';
import { checkRoom, type Violation } from '../chaos/checker.js';
import type { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import { Load } from '../chaos/load.js';
import { percentile } from '../chaos/report.js';
import { gather } from '../chaos/room-evidence.js';
import { type PlayersDoor, Traffic } from './door.js';
import { hello, Wire } from './wire.js';

/** ms */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Health {
  readonly moves: number;
  readonly stop_ms: Times;
  readonly joins: number;
  readonly join_ms: Times;
}

export interface HealthyOptions {
  readonly rooms: number;
  /** From the moment a seat may move to its move, ms. */
  readonly seatDelayMs: number;
}

/** Joins come from here, so that they and the players have limits of their own. */
const JOIN_FROM = '127.0.0.3';
const JOIN_EVERY_MS = 250;
/** A join that takes longer has failed, and counts as this. */
const JOIN_LIMIT_MS = 10_000;
/** All of 8 rooms: an address may have 40 sockets, and a player who comes back has two for a moment. */
const PLAYERS_PER_ADDRESS = 32;

export class Healthy {
  private readonly load: Load;
  private readonly lastAck = new Map<RoomCode, number>();
  private readonly door: PlayersDoor;
  private stops: number[] = [];
  private joins: Promise<number>[] = [];
  private joining: ReturnType<typeof setInterval> | undefined;
  private turn = 0;

  constructor(
    private readonly cluster: ClusterUnderTest,
    private readonly options: HealthyOptions,
  ) {
    const { base, fetch } = cluster;
    this.door = { port: Number(new URL(base).port), secure: true, traffic: new Traffic() };
    this.load = new Load({
      ...{ base, fetch, ...options },
      dial: dialFromMany(readFileSync(cluster.facts().certificate ?? '', 'utf8')),
      onAck: ({ room, command, at }) => {
        this.lastAck.set(room, at);
        this.stops.push(at - command.due);
      },
    });
  }

  get rooms(): readonly RoomCode[] {
    return [...this.load.rooms.keys()];
  }

  async start(): Promise<void> {
    await this.load.start();
  }

  /** From here to `end` it is measured. */
  begin(): void {
    this.stops = [];
    this.joins = [];
    this.joining = setInterval(() => this.joins.push(this.join()), JOIN_EVERY_MS);
    this.joins.push(this.join());
  }

  /** A room that stands still has a stop until now. */
  async end(): Promise<Health> {
    clearInterval(this.joining);
    const now = performance.now();
    const { seatDelayMs } = this.options;
    const waiting = [...this.lastAck.values()].map((at) => Math.max(0, now - at - seatDelayMs));
    const moves = this.stops.length;
    const stops = [...this.stops, ...waiting.filter((ms) => ms > seatDelayMs)];
    const joins = await Promise.all(this.joins);
    return { moves, stop_ms: times(stops), joins: joins.length, join_ms: times(joins) };
  }

  /** Ends the play; what was lost, doubled or otherwise wrong in any of the rooms. */
  async check(): Promise<{ readonly acked: number; readonly violations: readonly Violation[] }> {
    await this.load.rest();
    const violations: Violation[] = [];
    let acked = 0;
    for (const room of this.load.rooms.values()) {
      const verdict = checkRoom(await gather(this.cluster, room));
      acked += verdict.acked;
      violations.push(...verdict.violations);
    }
    return { acked, violations };
  }

  close(): void {
    clearInterval(this.joining);
    this.load.close();
  }

  /** From the first packet to welcome, as one who watches a table. */
  private async join(): Promise<number> {
    const began = performance.now();
    this.turn += 1;
    const { door, rooms, turn } = this;
    const joined = async () => {
      const wire = await Wire.open(door, rooms[turn % rooms.length] ?? '', { from: JOIN_FROM });
      wire.send(hello({ spectate: true }));
      const welcome = await wire.next('welcome');
      const took = performance.now() - began;
      wire.socket.terminate();
      return welcome === undefined ? JOIN_LIMIT_MS : took;
    };
    return joined().catch(() => JOIN_LIMIT_MS);
  }
}

/** Players dial from 127.0.1.1 and up, those of a room from one address. */
function dialFromMany(ca: string): (url: string) => WebSocket {
  const places = new Map<string, number>();
  return (url) => {
    const room = new URL(url).searchParams.get('room_code') ?? '';
    const place = places.get(room) ?? places.size;
    places.set(room, place);
    const localAddress = `127.0.1.${1 + Math.floor((4 * place) / PLAYERS_PER_ADDRESS)}`;
    return new WebSocket(url, { perMessageDeflate: false, ca, localAddress });
  };
}

function times(values: readonly number[]): Times {
  const at = (p: number) => Math.round(percentile(values, p) * 10) / 10;
  return { p50: at(50), p99: at(99), max: at(100) };
}

/** Where a cluster in `folder` keeps what its programs say. */
export const logsOf = (folder: string): string => join(folder, 'logs');
