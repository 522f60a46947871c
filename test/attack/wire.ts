/** An attacker's WebSocket: sends whatever it is told to, and waits for answers by number. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientOut } from '../../src/protocol/client-out.js';
import { rawSocket } from '../edge/raw.js';
import type { PlayersDoor } from './door.js';

export interface WireOptions {
  /** Where it comes from; an address of this host. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

const ANSWER_MS = 20_000;
/** Messages that may go at once before they are spread in time. */
const AT_ONCE = 12;

/** The handshake was answered with an HTTP status. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`the handshake was refused with ${status}`);
  }
}

export class Wire {
  /** Frames that nobody has taken yet. */
  private frames: string[] = [];
  private wake: () => void = () => undefined;
  /** Close code; undefined while it is open. */
  closed: number | undefined;
  /** Sees every frame before it is kept; true: it is not kept. */
  onFrame: (text: string) => boolean = () => false;

  /** Waits to be sent in its time. */
  private readonly outbox: string[] = [];
  /** When the next message may go, monotonic ms. */
  private nextAt = 0;

  private constructor(
    readonly socket: WebSocket,
    private readonly door: PlayersDoor,
  ) {
    socket.on('message', (data) => {
      const text = String(data);
      if (this.onFrame(text)) return;
      this.frames.push(text);
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.once('close', (code) => {
      this.closed = code;
      this.wake();
    });
  }

  /** @throws Refused */
  static open(door: PlayersDoor, room: string, { from, headers = {} }: WireOptions = {}): Promise<Wire> {
    door.traffic.connections += 1;
    door.traffic.sockets += 1;
    return new Promise((resolve, reject) => {
      const base = `${door.secure ? 'wss' : 'ws'}://127.0.0.1:${door.port}`;
      const socket = new WebSocket(`${base}/ws?room_code=${room}`, {
        headers,
        perMessageDeflate: false,
        rejectUnauthorized: false,
        handshakeTimeout: ANSWER_MS,
        ...(from === undefined ? {} : { localAddress: from }),
      });
      // At once: what comes with the answer to the handshake must not be missed.
      const wire = new Wire(socket, door);
      socket.once('open', () => resolve(wire));
      socket.once('unexpected-response', (_, response) => {
        response.resume();
        socket.terminate();
        reject(new Refused(response.statusCode ?? 0));
      });
      socket.once('error', reject);
    });
  }

  get raw(): Socket {
    return rawSocket(this.socket);
  }

  send(frame: object | string): void {
    this.door.traffic.messages += 1;
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    if (this.door.messageRate === undefined) return this.socket.send(text);
    this.outbox.push(text);
    if (this.outbox.length === 1) this.sendInTime(1_000 / this.door.messageRate);
  }

  /** Sends what waits, a message each `everyMs`, but for the first few. */
  private sendInTime(everyMs: number): void {
    for (let now = performance.now(); this.outbox.length > 0; this.outbox.shift()) {
      if (this.socket.readyState !== WebSocket.OPEN) continue;
      this.nextAt = Math.max(this.nextAt, now - AT_ONCE * everyMs);
      now = performance.now();
      if (this.nextAt > now) {
        setTimeout(() => this.sendInTime(everyMs), this.nextAt - now);
        return;
      }
      this.socket.send(this.outbox[0] ?? '');
      this.nextAt += everyMs;
    }
  }

  /** The next frames, `count` of them, or fewer when the socket is closed before. @throws Error after 20 s */
  async take(count: number): Promise<ClientOut[]> {
    await this.waitFor(() => this.frames.length >= count || this.closed !== undefined, `${count} answers`);
    return this.frames.splice(0, count).map((text) => JSON.parse(text) as ClientOut);
  }

  /** The next frame of the type, or undefined when the socket is closed before. Others are dropped. */
  async next<Type extends ClientOut['type']>(type: Type): Promise<Extract<ClientOut, { type: Type }> | undefined> {
    for (;;) {
      const [frame] = await this.take(1);
      if (frame === undefined) return undefined;
      if (frame.type === type) return frame as Extract<ClientOut, { type: Type }>;
    }
  }

  /** The close code. */
  async end(): Promise<number> {
    await this.waitFor(() => this.closed !== undefined, 'the end');
    return this.closed ?? 0;
  }

  private waitFor(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), ANSWER_MS);
      this.wake = () => {
        if (!condition()) return;
        clearTimeout(late);
        this.wake = () => undefined;
        resolve();
      };
    });
  }
}

let clients = 0;

/** A hello of a client that nobody has seen before. */
export const hello = (fields: object = {}): object => ({
  type: 'hello',
  v: 1,
  client_id: `stranger-${++clients}`,
  ...fields,
});
