/** A table of a server that only relays: seats say a card in turn, and each move comes to all four. */
import { SEATS, Table } from './table.js';

/** What tells one relaying server from another. */
export interface RelayDialect {
  /** Makes the table, where that is needed, and says where its seats connect. */
  seats(port: number, code: string): Promise<readonly string[]>;
  /** What a seat answers to a frame that is no move: while it is greeted, and to pings. */
  answer(payload: Buffer): string | Buffer | undefined;
  /** Whether the seat is in, told by this frame; undefined for servers that do not tell. */
  readonly admits?: (payload: Buffer) => boolean;
  isMove(payload: Buffer): boolean;
  move(count: number): string | Buffer;
}

export class RelayTable extends Table {
  private heardBy = 0;
  private count = 0;

  constructor(
    number: number,
    code: string,
    private readonly port: number,
    private readonly dialect: RelayDialect,
  ) {
    super(number, code);
  }

  async open(): Promise<void> {
    const paths = await this.dialect.seats(this.port, this.code);
    for (const seat of SEATS) await this.sit(seat, paths[seat] ?? '/');
  }

  move(): void {
    this.heardBy = 0;
    this.count += 1;
    this.sentAt = performance.now();
    this.sockets[this.count & 3]?.send(this.dialect.move(this.count));
  }

  private sit(seat: number, path: string): Promise<void> {
    const { dialect } = this;
    return new Promise((resolve, reject) => {
      this.connect(seat, this.port, path, {
        open: () => {
          if (!dialect.admits) resolve();
        },
        frame: (payload, socket) => {
          if (dialect.isMove(payload)) return this.heard();
          const answer = dialect.answer(payload);
          if (answer !== undefined) socket.send(answer);
          if (dialect.admits?.(payload)) resolve();
        },
        closed: () => reject(new Error(`seat ${seat} of table ${this.code} was refused`)),
      });
    });
  }

  private heard(): void {
    this.listener?.heard(performance.now() - this.sentAt);
    this.heardBy += 1;
    if (this.heardBy === SEATS.length) this.listener?.moved(this);
  }
}
