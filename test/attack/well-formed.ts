/** As much as attackers have sent, at the same times, but as players and spectators send it. */
import { nextAddress } from './carry-out.js';
import type { PlayersDoor } from './door.js';
import { ask, pipelined } from './http.js';
import { type Amounts, since, type TrafficProfile } from './traffic-profile.js';

import { hello, Wire } from './wire.js';

const TICK_MS = 50;
const ROOMS = 10;
/** Messages that one socket may send at once. */
const AT_ONCE = 16;
const MAX_SPEAKERS = 80 * ROOMS;
const OPEN_AT_ONCE = 10;
/** An address may ask 300 times in 10 s. */
const PER_CONNECTION = 250;

export class WellFormed {
  private readonly rooms: string[] = [];
  private readonly speakers: Wire[] = [];
  private readonly begun: Promise<unknown>[] = [];
  private turn = 0;

  constructor(private readonly door: PlayersDoor) {}

  /** Rooms with spectators, who send what messages there are. */
  async open(profile: TrafficProfile): Promise<void> {
    for (let at = 0; at < ROOMS; at++) {
      const { body } = await ask(this.door, '/api/rooms', { method: 'POST', from: nextAddress() });
      this.rooms.push((JSON.parse(body) as { room_code: string }).room_code);
    }
    const count = Math.min(MAX_SPEAKERS, Math.max(ROOMS, Math.ceil(mostMessages(profile) / AT_ONCE)));
    while (this.speakers.length < count) {
      const some = Math.min(OPEN_AT_ONCE, count - this.speakers.length);
      this.speakers.push(...(await Promise.all(Array.from({ length: some }, () => this.enter()))));
    }
  }

  /** @returns what was sent */
  async send(profile: TrafficProfile): Promise<Amounts> {
    const { traffic } = this.door;
    const before = { ...traffic };
    const began = performance.now();
    const due = new Due(profile);
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const elapsed = performance.now() - began;
        this.tick(due, elapsed);
        if (elapsed < profile.length) return;
        clearInterval(timer);
        resolve();
      }, TICK_MS);
    });
    await Promise.all(this.begun);
    return since(before, traffic);
  }

  close(): void {
    for (const wire of this.speakers) wire.socket.terminate();
  }

  private tick(due: Due, elapsed: number): void {
    const { sockets, readers, requests, messages } = due.take(elapsed);
    for (let at = 0; at < sockets; at++) this.begun.push(this.enter().then((wire) => wire.socket.close()));
    for (let at = 0; at < readers; at++) {
      const share = Math.floor(((at + 1) * requests) / readers) - Math.floor((at * requests) / readers);
      this.begun.push(this.read(share));
    }
    for (let at = 0; at < messages; at++) this.next(this.speakers)?.send({ type: 'ping' });
  }

  private async enter(): Promise<Wire> {
    const wire = await Wire.open(this.door, this.next(this.rooms) ?? '', { from: nextAddress() });
    wire.send(hello({ spectate: true }));
    await wire.next('welcome');
    // Nobody waits for the answers to its messages.
    wire.onFrame = () => true;
    return wire;
  }

  private async read(requests: number): Promise<void> {
    const line = () => `GET /api/room?room_code=${this.next(this.rooms)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    await pipelined(this.door, nextAddress(), Array.from({ length: requests }, line));
  }

  private next<T>(of: readonly T[]): T | undefined {
    this.turn += 1;
    return of[this.turn % of.length];
  }
}

/** The most messages in any second. */
function mostMessages(profile: TrafficProfile): number {
  let most = 0;
  for (let at = 0; at < profile.length; at += 500) {
    most = Math.max(most, profile.sentBy(at + 1_000).messages - profile.sentBy(at).messages);
  }
  return most;
}

/** A reader is a connection with requests. */
type Sent = Readonly<Record<'readers' | 'requests' | 'sockets' | 'messages', number>>;

/** What is to be sent by then and has not been taken yet. */
class Due {
  private taken: Sent = { readers: 0, requests: 0, sockets: 0, messages: 0 };

  constructor(private readonly profile: TrafficProfile) {}

  take(elapsed: number): Sent {
    const all = this.profile.sentBy(elapsed);
    const { taken } = this;
    const sockets = all.sockets - taken.sockets;
    // Every socket says hello.
    const messages = Math.max(0, all.messages - all.sockets - taken.messages);
    const wished = Math.max(0, all.connections - all.sockets - taken.readers);
    const left = Math.max(0, all.requests - taken.requests);
    const readers = Math.max(wished, Math.ceil(left / PER_CONNECTION));
    // A connection that brought no request brings one.
    const requests = Math.max(readers, left);
    this.taken = {
      sockets: taken.sockets + sockets,
      messages: taken.messages + messages,
      readers: taken.readers + readers,
      requests: taken.requests + requests,
    };
    return { sockets, messages, readers, requests };
  }
}
