/** One room with its four sockets, as the load sees it: ready for a move, or waiting until the last has come to all four. */
import { LeanSocket } from './lean-socket.js';

export const SEATS = [0, 1, 2, 3] as const;

export interface TableListener {
  /** A move has come to all four seats; the next can be made. */
  moved(table: Table): void;
  /** One seat has heard of a move, `ms` after it was sent. */
  heard(ms: number): void;
}

export abstract class Table {
  protected readonly sockets: (LeanSocket | undefined)[] = [];
  protected sentAt = 0;
  listener: TableListener | undefined;

  constructor(
    /** The n-th of its set. */
    protected readonly number: number,
    protected readonly code: string,
  ) {}

  /** Seats all four; resolves when the first move can be made. @throws when a socket is refused */
  abstract open(): Promise<void>;

  /** Makes the next move; only when ready. */
  abstract move(): void;

  close(): void {
    for (const socket of this.sockets) socket?.close();
  }

  /** A socket for `seat`; `frame` gets what comes, `closed` is for who does not expect the end. */
  protected connect(
    seat: number,
    port: number,
    path: string,
    events: {
      open(socket: LeanSocket): void;
      frame(payload: Buffer, socket: LeanSocket): void;
      closed(socket: LeanSocket): void;
    },
  ): LeanSocket {
    // Addresses of the loopback network in turn: one alone has too few ports.
    const from = `127.0.0.${2 + (this.number % 8)}`;
    const socket: LeanSocket = new LeanSocket(
      port,
      path,
      {
        open: () => events.open(socket),
        frame: (payload) => events.frame(payload, socket),
        closed: () => events.closed(socket),
      },
      from,
    );
    this.sockets[seat] = socket;
    return socket;
  }
}
