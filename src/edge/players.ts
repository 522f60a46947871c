/** The players' sockets of an instance: who is served here, and what is done to all of them. */
import type { ErrorCode } from '../errors.js';
import type { RoomCode } from '../protocol/ids.js';
import type { InstanceMetrics } from '../runtime/metrics.js';
import { helloDeadlines, PlayerSocket, type PlayerSocketDeps, type RawSocket } from './player-socket.js';
import { type Pipe, Routing } from './routing.js';

export interface PlayersDeps extends Omit<PlayerSocketDeps, 'hellos' | 'onGone' | 'isShut'> {
  readonly metrics: InstanceMetrics;
  readonly pingMs: number;
  /** Whether this instance alone has lost Redis, and has given its rooms up. */
  readonly isolated: () => boolean;
}

/** Sockets are pinged in so many parts. */
const PING_PARTS = 50;

export class Players {
  private readonly playerDeps: PlayerSocketDeps;
  private readonly sockets = new Set<PlayerSocket>();
  private readonly routing: Routing;
  private isShut = false;

  constructor(private readonly deps: PlayersDeps) {
    this.playerDeps = {
      ...deps,
      hellos: helloDeadlines(deps.clock),
      isShut: () => this.isShut,
      onGone: (player) => this.sockets.delete(player),
    };
    this.routing = new Routing(deps.ownership, deps.clock);
  }

  get size(): number {
    return this.sockets.size;
  }

  /**
   * An isolated instance, or one that has failed, breaks a connection off unanswered, as a dead one would: HAProxy then tries another, and an
   * instance that passes it on takes the room over.
   */
  get breaksOff(): boolean {
    return this.isShut || this.deps.isolated();
  }

  start(): void {
    this.ping();
  }

  /** Who sits at public tables, as far as addresses are known. */
  *sitters(): Iterable<{ readonly address: string; readonly room: RoomCode }> {
    for (const { sitting } of this.sockets) if (sitting) yield sitting;
  }

  /** True when the connection is the owner's now. One hop only: what `wasForwarded` is served here. */
  async passedOn(code: RoomCode, wasForwarded: boolean, pipe: Pipe): Promise<boolean> {
    const passed = await this.routing.passedOn(code, wasForwarded, pipe);
    if (passed) this.deps.metrics.forwards.inc({ kind: 'websocket' });
    return passed;
  }

  /** A player has come, to stay. */
  accept(socket: RawSocket, code: RoomCode, address?: string): PlayerSocket {
    const player = new PlayerSocket(socket, code, this.playerDeps, address);
    this.sockets.add(player);
    return player;
  }

  /** Takes no connection and no command any more; those who are here are told where to go as their rooms move. */
  shut(): void {
    this.isShut = true;
  }

  /** Closes what is still open. */
  closeAll(code: ErrorCode): void {
    for (const socket of this.sockets) socket.close(code);
  }

  /**
   * One timer for all sockets: who has not answered the last ping is gone. They are pinged a part at a time, each once in
   * a round: all at once they would hold up every room for as long as that many writes take.
   */
  private ping(part = 1, rest = this.sockets.values()): void {
    this.deps.clock.after(this.deps.pingMs / PING_PARTS, () => {
      const isLast = part === PING_PARTS;
      let left = isLast ? Number.POSITIVE_INFINITY : Math.ceil(this.sockets.size / PING_PARTS);
      for (let next = rest.next(); !next.done; next = rest.next()) {
        next.value.ping();
        if (--left === 0) break;
      }
      if (isLast) this.ping();
      else this.ping(part + 1, rest);
    });
  }
}
