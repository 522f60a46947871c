/** A player's WebSocket to an instance, by way of another one where it was passed on. */

import type { SocketLike } from '../../src/client/socket.js';
import type { PlayerSocket, RawSocket } from '../../src/edge/player-socket.js';
import type { Frame } from '../../src/protocol/frame.js';
import type { Network, Place, Stream } from './network.js';
import type { Process } from './process.js';

/** No close frame came: the connection broke. */
const BROKEN = 1006;
/** It was closed without saying why. */
const NO_CODE = 1005;

/** What an instance lets go out, as the checker wants to know it. */
export type Overheard = (text: string) => void;

/** The client's end. */
export class ClientSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;
  /** Undefined before it is open. */
  private wire: Wire | undefined;
  over = false;
  /** Told when it has ended, whoever did it. */
  whenOver: () => void = () => undefined;

  /** The instance at the end of the path has answered. */
  opened(wire: Wire): void {
    if (this.over) return wire.closedByClient();
    this.wire = wire;
    this.onopen?.();
  }

  send(text: string): void {
    this.wire?.fromClient(text);
  }

  close(): void {
    this.leave(this.wire ? NO_CODE : BROKEN);
  }

  /** The device's network is gone. */
  broken(): void {
    this.leave(BROKEN);
  }

  private leave(code: number): void {
    if (this.over) return;
    this.wire?.closedByClient();
    this.end(code);
  }

  /** A frame came by one of the paths: only what comes by the one that was opened is heard. */
  received(wire: Wire, text: unknown): void {
    if (!this.over && wire === this.wire) this.onmessage?.({ data: text });
  }

  /** A path ended, whoever did it; undefined when there never was one. */
  ended(wire: Wire | undefined, code: number): void {
    if (this.over || wire !== this.wire) return;
    this.end(code);
  }

  private end(code: number): void {
    this.over = true;
    this.whenOver();
    this.onclose?.({ code, reason: '' });
  }
}

/** The instance's end. */
export class Wire implements RawSocket {
  isOpen = true;
  readonly bufferedAmount = 0;
  player: PlayerSocket | undefined;
  /** What is done when the instance at the end opens it. */
  opened: () => void = () => through(this.down, () => this.client.opened(this));
  /** Whoever passes it on is told when it has ended, whoever did it. */
  whenOver: () => void = () => undefined;
  /** What is done, besides, when it breaks: only who waits for it to open hears of it. */
  refused: () => void = () => through(this.down, () => this.client.ended(undefined, BROKEN));
  private readonly up: readonly Stream[];
  private readonly down: readonly Stream[];

  /** @param path the client, whoever passes on, and the instance at the end. */
  constructor(
    network: Network,
    readonly client: ClientSocket,
    readonly path: readonly Place[],
    private readonly process: Process,
    private readonly overheard: Overheard,
  ) {
    const pairs = path.slice(1).map((to, at) => [path[at] ?? '', to] as const);
    this.up = pairs.map(([from, to]) => network.stream(from, to));
    this.down = pairs.map(([from, to]) => network.stream(to, from)).reverse();
    process.whenDead(() => this.broken());
  }

  /** The process at the end has died, or has broken it. */
  broken(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.process.run(() => this.player?.gone());
    this.endsDown(() => this.client.ended(this, BROKEN));
    this.refused();
  }

  /** Whoever passes it on has died, or breaks it: both ends hear of it from there. */
  brokenOnTheWay(): void {
    this.whenOver();
    through(this.up.slice(1), () => this.gone());
    through(this.down.slice(1), () => this.client.ended(this, BROKEN));
  }

  send({ text }: Frame): void {
    if (!this.isOpen) return;
    this.overheard(text);
    through(this.down, () => this.client.received(this, text));
  }

  close(code = 1000): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.endsDown(() => {
      this.client.ended(this, code);
      through(this.up, () => this.process.run(() => this.player?.gone()));
    });
  }

  terminate(): void {
    this.broken();
  }

  ping(): void {
    through(this.down, () => {
      if (!this.client.over) through(this.up, () => this.process.run(() => this.player?.heard()));
    });
  }

  /** Simulated clients send no pings. */
  pong(): void {}

  fromClient(text: string): void {
    through(this.up, () =>
      this.process.run(() => {
        if (this.isOpen) this.player?.receive(Buffer.from(text), false);
      }),
    );
  }

  closedByClient(): void {
    const [first, ...rest] = this.up;
    first?.send(() => {
      this.whenOver();
      through(rest, () => this.gone());
    });
  }

  /** Its end travels to the client, by way of whoever passes it on. */
  private endsDown(arrive: () => void): void {
    const [first, ...rest] = this.down;
    first?.send(() => {
      this.whenOver();
      through(rest, arrive);
    });
  }

  /** The instance at the end hears that the client has gone. */
  private gone(): void {
    this.process.run(() => {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.player?.gone();
    });
  }
}

/** One stream after the other. */
function through([first, ...rest]: readonly Stream[], arrive: () => void): void {
  if (first) first.send(() => through(rest, arrive));
  else arrive();
}
