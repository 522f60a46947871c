/** Somebody who has no table yet: looks at the list of public ones, and opens new ones. */
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Seeded } from '../chaos/seeded.js';
import { gather, type HttpAnswer, type HttpAsk, type HttpAsker, type HttpConnection } from './http.js';
import type { Timeline } from './timeline.js';

export interface VisitorDeps {
  readonly timeline: Timeline;
  readonly random: Seeded;
  readonly ask: (ask: HttpAsk, asker: HttpAsker) => HttpConnection | undefined;
  /** Whether there is such a public room. */
  readonly isPublic: (code: RoomCode) => boolean;
  readonly complain: (text: string) => void;
  readonly count: (name: string) => void;
}

const BETWEEN_MS = 2_500;
const TIMEOUT_MS = 12_000;

export class Visitor {
  private resting = false;

  constructor(private readonly deps: VisitorDeps) {
    this.later();
  }

  rest(): void {
    this.resting = true;
  }

  private later(): void {
    const { timeline, random } = this.deps;
    if (this.resting) return;
    timeline.after(random.next() * BETWEEN_MS, () => (random.next() < 0.6 ? this.list() : this.open()));
  }

  private ask(ask: HttpAsk, then: (answer: HttpAnswer) => void): void {
    const { timeline, count } = this.deps;
    const over = (answer: HttpAnswer | undefined) => {
      timer.cancel();
      count(`${ask.method} ${ask.url}: ${answer?.status ?? 'no answer'}`);
      if (answer) then(answer);
      this.later();
    };
    const timer = timeline.after(TIMEOUT_MS, () => {
      connection?.cancel();
      over(undefined);
    });
    const connection = this.deps.ask(ask, gather(over));
    if (!connection) over(undefined);
  }

  private list(): void {
    const { isPublic, complain, count } = this.deps;
    this.ask({ method: 'GET', url: '/api/rooms' }, ({ status, body }) => {
      if (status !== 200) return;
      const { rooms } = JSON.parse(body) as { rooms: { room_code: RoomCode; seats: (object | null)[] }[] };
      count(rooms.length > 0 ? 'public list: rooms' : 'public list: empty');
      for (const { room_code: code } of rooms) if (!isPublic(code)) complain(`${code} is listed and not public`);
    });
  }

  private open(): void {
    this.ask({ method: 'POST', url: '/api/rooms', body: JSON.stringify({ public: true }) }, ({ status, body }) => {
      if (status !== 201) return;
      const { room_code: code } = JSON.parse(body) as { room_code: RoomCode };
      if (!/^[0-9A-Z]{8}$/.test(code)) this.deps.complain(`a room was opened under ${code}`);
    });
  }
}
