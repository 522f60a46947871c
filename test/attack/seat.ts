/** Attackers who sit at a table: they know what they may do, and so what they may not. */
import type { Seat } from '../../src/game/game.js';
import type { ClientOut, EventFrame, Welcome } from '../../src/protocol/client-out.js';
import type { Scene } from './attack.js';
import type { PlayersDoor } from './door.js';
import { newRoom } from './http.js';
import { hello, Wire } from './wire.js';

export type Move = { readonly type: string; readonly [field: string]: unknown };

export class Sitting {
  seq = 0;
  legal: readonly Move[] = [];
  over = true;
  token = '';
  private counter = 0;

  constructor(
    readonly wire: Wire,
    readonly seat: Seat,
    private readonly heard: (frame: ClientOut, text: string) => void,
  ) {
    wire.onFrame = (text) => {
      const frame = JSON.parse(text) as ClientOut;
      this.take(frame);
      this.heard(frame, text);
      return frame.type !== 'ack' && frame.type !== 'error';
    };
  }

  nextId(): string {
    this.counter += 1;
    return `${this.counter}-s${this.seat}`;
  }

  private take(frame: ClientOut): void {
    if (frame.type !== 'welcome' && frame.type !== 'event' && frame.type !== 'snapshot') return;
    this.seq = frame.seq;
    this.legal = (frame.legal ?? []) as readonly Move[];
    if (frame.type === 'welcome') this.welcomed(frame);
    if (frame.type === 'event') this.follow(frame);
  }

  private welcomed({ token, last_command: last }: Welcome): void {
    this.token = token ?? this.token;
    this.counter = Math.max(this.counter, last);
  }

  private follow({ events }: EventFrame): void {
    for (const { type } of events) {
      if (type === 'match_started') this.over = false;
      if (type === 'match_ended') this.over = true;
    }
  }
}

/** Four who sit at a room of their own, in which nobody is hurried. */
export class AttackedTable {
  readonly sitting: Sitting[] = [];
  private wake: () => void = () => undefined;

  private constructor(
    readonly code: string,
    readonly from: string,
    readonly door: PlayersDoor,
  ) {}

  /** `heard` is told every frame that comes to a seat. */
  static async open(
    scene: Scene,
    options: object,
    heard: (seat: Seat, frame: ClientOut, text: string) => void = () => undefined,
  ): Promise<AttackedTable> {
    const code = await newRoom(scene, { turn_ms: 600_000, options });
    const table = new AttackedTable(code, scene.stranger(), scene.door);
    for (const at of [0, 1, 2, 3]) {
      const seat = at as Seat;
      const wire = await Wire.open(table.door, code, { from: table.from });
      const one = new Sitting(wire, seat, (frame, text) => {
        heard(seat, frame, text);
        table.wake();
      });
      table.sitting.push(one);
      wire.send(hello({ name: `Attacker ${seat}`, seat }));
      await table.until(() => one.token !== '', 'a seat');
    }
    return table;
  }

  /** Starts a match. */
  async start(): Promise<void> {
    const [host] = this.sitting;
    if (!host) throw new Error('nobody sits');
    host.wire.send({ type: 'command', id: host.nextId(), command: { type: 'start' } });
    const [answer] = await host.wire.take(1);
    if (answer?.type !== 'ack') throw new Error(`no start: ${JSON.stringify(answer)}`);
    await this.until(() => this.sitting.every(({ over }) => !over), 'a match');
  }

  /** All have seen the same, and somebody may act; undefined when the match is over. */
  async turn(): Promise<Sitting | undefined> {
    const { sitting } = this;
    const same = () => sitting.every(({ seq }) => seq === sitting[0]?.seq);
    const acting = () => sitting.find(({ legal }) => legal.length > 0);
    const over = () => sitting.every(({ over }) => over);
    await this.until(() => same() && (over() || acting() !== undefined), 'a turn');
    return over() ? undefined : acting();
  }

  /** Resolves when `condition` holds; looked at with every frame. @throws Error after 30 s */
  until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`room ${this.code}: waited in vain for ${what}`)), 30_000);
      this.wake = () => {
        if (!condition()) return;
        clearTimeout(late);
        this.wake = () => undefined;
        resolve();
      };
    });
  }

  close(): void {
    for (const { wire } of this.sitting) wire.socket.terminate();
  }
}
