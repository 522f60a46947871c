/**
 * Where connections come in: the plain upgrades among them are taken ahead of Node's HTTP, whose parser, request and
 * listeners cost a join more than its room's rules do.
 *
 * INVARIANT: Node's HTTP sees all of a connection, from its first byte, or nothing.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Ticks } from '../runtime/clock.js';
import { Deadlines } from './deadlines.js';
import { PlainUpgrade } from './plain-upgrade.js';
import { type Reader, readAhead, STREAM, type Wire } from './wire.js';

/** Who answers upgrades, plain ones and those that Node's HTTP has read; `head` is what came along with such a request. */
export type OnUpgrade = (request: PlainUpgrade | IncomingMessage, wire: Wire, head?: Buffer) => void;

/** Who has said nothing by then is left to Node's HTTP, which knows how long to wait for a request, ms. */
const SILENCE_MS = 200;

const ignore = () => undefined;

export class Doorway implements Reader {
  private readonly deadlines: Deadlines<Wire>;
  /** Node's own listener: it finds in the wire's stream what has come of it. */
  private readonly http: ((this: Server, wire: Wire) => void) | undefined;

  /** Stands before a new HTTP server. */
  constructor(
    private readonly server: Server,
    clock: Ticks,
    private readonly onUpgrade: OnUpgrade,
  ) {
    this.deadlines = new Deadlines(clock, SILENCE_MS, (wire) => {
      if (wire.reader === this && !wire.destroyed) this.leave(wire);
    });
    [this.http] = server.listeners('connection') as Doorway['http'][];
    server.removeAllListeners('connection');
    server.on('connection', (wire: Wire) => this.enter(wire));
    server.on('upgrade', (request, wire, head) => onUpgrade(request, wire as Wire, head));
  }

  take(input: Buffer, size: number, wire: Wire): boolean {
    const request = PlainUpgrade.of(input, size);
    if (!request) {
      this.leave(wire);
      return false;
    }
    wire.reader = STREAM;
    try {
      this.onUpgrade(request, wire);
    } catch {
      wire.destroy();
    }
    return true;
  }

  private enter(wire: Wire): void {
    // Its end follows.
    wire.on('error', ignore);
    // Who has nothing more to send is sent nothing more, as by Node's HTTP.
    wire.allowHalfOpen = false;
    if (readAhead(wire, this)) this.deadlines.start(wire);
    else this.leave(wire);
  }

  private leave(wire: Wire): void {
    wire.reader = STREAM;
    this.http?.call(this.server, wire);
  }
}
