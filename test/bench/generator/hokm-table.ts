/**
 * A room of this project. The frame that says whose turn it is lists the legal commands: the first of them is the move.
 * Follows a room that moves, as the client library does.
 */
import type { LeanSocket } from './lean-socket.js';
import { SEATS, Table } from './table.js';

const LEGAL = '"legal":[';
const OVER = '"match_ended"';
/** A turn that is told again, as after a freeze, makes a second move of one; a seat that comes back replaces itself. */
const EXPECTED = ['"code":"NOT_YOUR_TURN"', '"code":"ILLEGAL_MOVE"', '"code":"SOCKET_REPLACED"'];
const START = '{"type":"start"}';
const RETRY_MS = 50;
const ATTEMPTS = 200;

export class HokmTable extends Table {
  /** Newest entry that each seat knows of. */
  private readonly seqs = [0, 0, 0, 0];
  private readonly tokens: string[] = [];
  private next: { readonly seat: number; readonly seq: number; readonly command: string } | undefined;
  private ready = false;
  private commands = 0;
  private closing = false;
  private onReady: (() => void) | undefined;
  /** Times that a seat has come back after its room moved or its socket broke. */
  returns = 0;

  constructor(
    number: number,
    code: string,
    private readonly port: number,
    private readonly plays: boolean,
  ) {
    super(number, code);
  }

  async open(): Promise<void> {
    for (const seat of SEATS) await this.sit(seat);
    if (!this.plays) return;
    await new Promise<void>((resolve) => {
      this.onReady = resolve;
      this.say(0, START);
    });
  }

  move(): void {
    if (!this.next) return;
    const { seat, command } = this.next;
    this.next = undefined;
    this.ready = false;
    this.sentAt = performance.now();
    this.say(seat, command);
  }

  override close(): void {
    this.closing = true;
    super.close();
  }

  private say(seat: number, command: string): void {
    this.commands += 1;
    this.sockets[seat]?.send(`{"type":"command","id":"${this.commands}-b","command":${command}}`);
  }

  /** Resolves with the welcome; who is sent away comes back, with the same hello. */
  private sit(seat: number, attempts = ATTEMPTS): Promise<void> {
    return new Promise((resolve, reject) => {
      const token = this.tokens[seat];
      const hello = {
        type: 'hello',
        v: 1,
        client_id: `bench-${this.code}-${seat}`,
        moves: true,
        ...(token === undefined
          ? { name: `Player ${seat}`, seat, proposed_token: `bench-${this.code}-${seat}-token-24` }
          : { token }),
      };
      let welcomed = false;
      const before = this.sockets[seat];
      this.connect(seat, this.port, `/ws?room_code=${this.code}`, {
        open: (socket) => socket.send(JSON.stringify(hello)),
        frame: (payload, socket) => {
          if (!welcomed && payload.includes('"type":"welcome"', 0, 'latin1')) {
            welcomed = true;
            before?.close();
            this.welcomed(seat, payload);
            resolve();
          } else if (welcomed) {
            this.frame(seat, payload, socket);
          }
        },
        closed: (socket) => {
          // One that was left for a newer is no loss.
          if (welcomed && this.sockets[seat] === socket && !this.closing) this.back(seat);
          else if (welcomed) return;
          else if (attempts === 0) reject(new Error(`seat ${seat} of room ${this.code} was refused`));
          else if (!this.closing) setTimeout(() => this.sit(seat, attempts - 1).then(resolve, reject), RETRY_MS);
        },
      });
    });
  }

  private welcomed(seat: number, payload: Buffer): void {
    const { seq, legal, token } = JSON.parse(payload.toString()) as { seq: number; legal?: unknown[]; token?: string };
    if (token !== undefined) this.tokens[seat] = token;
    this.seqs[seat] = seq;
    if (legal?.[0] !== undefined) this.next = { seat, seq, command: JSON.stringify(legal[0]) };
    this.look();
  }

  private frame(seat: number, payload: Buffer, socket: LeanSocket): void {
    // {"type":"event"… against ack, error, presence, notice
    if (payload[9] === 0x65 && payload[10] === 0x76) {
      const text = payload.toString('latin1');
      const seq = Number.parseInt(text.slice(22), 10);
      this.seqs[seat] = seq;
      if (!this.ready) this.listener?.heard(performance.now() - this.sentAt);
      const at = text.indexOf(LEGAL);
      if (at >= 0) {
        const command = text.slice(at + LEGAL.length, text.indexOf('}', at) + 1);
        this.next = { seat, seq, command };
      } else if (seat === 0 && text.includes(OVER)) {
        this.next = { seat: 0, seq, command: START };
      }
      this.look();
    } else if (payload.includes('"kind":"moving"') && this.sockets[seat] === socket) {
      this.back(seat);
    } else if (payload.includes('"type":"error"') && !EXPECTED.some((code) => payload.includes(code))) {
      process.stderr.write(`${this.code} seat ${seat}: ${payload.toString()}\n`);
    }
  }

  private look(): void {
    const { next } = this;
    if (this.ready || !next || this.seqs.some((seq) => seq < next.seq)) return;
    this.ready = true;
    this.onReady?.();
    this.onReady = undefined;
    this.listener?.moved(this);
  }

  private back(seat: number): void {
    this.returns += 1;
    this.ready = false;
    void this.sit(seat);
  }
}
