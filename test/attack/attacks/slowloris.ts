/** Thousands of connections that never get to the point, over plain text and over TLS. */
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { until } from '../../support/programs.js';
import type { Attack, Scene } from '../attack.js';
import type { PlayersDoor } from '../door.js';
import { bytesFrom } from '../http.js';

const CUT_MS = 6_000;
const JOIN_MS = 1_000;
/** Half as many as an address may have. */
const PER_ADDRESS = 100;
const AT_ONCE = 250;
/** A byte of each comes this often, ms. */
const DRIP_MS = 1_000;

/** How it begins, and what goes on dripping. */
interface Kind {
  readonly start: string | Buffer;
  readonly drip: string | Buffer;
}

/** The beginning of a ClientHello: a record of 512 bytes, of which a few come. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');

const PLAIN: readonly Kind[] = [
  { start: 'GET /api/room', drip: 'x' },
  { start: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ', drip: 'x' },
  { start: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n', drip: 'X-S: 1\r\n' },
  { start: 'GET /ws?room_code=7KQ2M9XZ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgr', drip: 'a' },
  {
    start: 'POST /api/reconnect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n{"token":"',
    drip: 'x',
  },
];
const TLS: readonly Kind[] = [
  { start: '', drip: '' },
  { start: HALF_HELLO.subarray(0, 3), drip: '' },
  { start: HALF_HELLO, drip: Buffer.from([0]) },
];
/** Of the connections at the TLS door, every so many-th shakes hands and then sends half a request. */
const SHAKES_HANDS = 20;

class Wave {
  readonly lives: number[] = [];
  private readonly open = new Map<Socket, Kind>();

  constructor(
    private readonly scene: Scene,
    private readonly door: PlayersDoor,
    private readonly kinds: readonly Kind[],
  ) {}

  /** Opens `count`, and resolves when all of them are cut, or it has waited four times too long. */
  async strike(count: number): Promise<void> {
    const drip = setInterval(() => {
      for (const [socket, { drip }] of this.open) if (drip.length > 0 && socket.writable) socket.write(drip);
    }, DRIP_MS);
    let from = '';
    for (let at = 0; at < count; at++) {
      if (at % PER_ADDRESS === 0) from = this.scene.stranger();
      this.connect(from, at);
      if (at % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
    }
    await until('all are cut', () => this.lives.length === count, 4 * CUT_MS).catch(() => {
      this.scene.broken(`${this.open.size} of ${count} are not cut after ${4 * CUT_MS} ms`);
    });
    clearInterval(drip);
    for (const socket of this.open.keys()) socket.destroy();
  }

  private connect(from: string, at: number): void {
    const kind = this.kinds[at % this.kinds.length] as Kind;
    // A connection may wait a moment to be taken; its time begins then.
    let began = performance.now();
    const ended = () => {
      this.open.delete(socket);
      this.lives.push(performance.now() - began);
      this.scene.did(1);
    };
    const socket = bytesFrom(this.door, from, this.door.secure && at % SHAKES_HANDS === 0 ? '' : kind.start, ended);
    socket.once('connect', () => {
      began = performance.now();
    });
    this.open.set(socket, kind);
    if (!this.door.secure || at % SHAKES_HANDS > 0) return;
    this.open.set(socket, { start: '', drip: '' });
    const secure = connectTls({ socket, rejectUnauthorized: false });
    secure.on('error', () => undefined);
    secure.once('secureConnect', () => {
      began = performance.now();
      secure.write('GET / HTTP/1.1\r\nHost: ');
    });
    secure.resume();
  }
}

export const slowloris: Attack = {
  name: 'slowloris',
  what: 'half requests, and as many half handshakes of TLS, all at a time',
  limits: 'default',
  full: 10_000,
  least: 200,
  unit: 'connections',
  async run(scene) {
    const plain = new Wave(scene, scene.plainDoor, PLAIN);
    const secure = new Wave(scene, scene.door, TLS);
    await Promise.all([plain.strike(Math.ceil(scene.times / 2)), secure.strike(Math.floor(scene.times / 2))]);
    const longest = (wave: Wave) => Math.round(wave.lives.reduce((most, life) => Math.max(most, life), 0));
    const figures = { cut_ms_max: longest(plain), cut_tls_ms_max: longest(secure) };
    for (const [what, ms] of Object.entries(figures)) {
      if (ms > CUT_MS) scene.broken(`${what} is ${ms}`);
    }
    return figures;
  },
  joinMs: JOIN_MS,
};
