/** Looks at a room over HTTP now and then: its view, and pages of its public log. */
import type { Digest, RoomCode } from '../../src/protocol/ids.js';
import type { Seeded } from '../chaos/seeded.js';
import type { Told } from './follower.js';
import { gather, type HttpAnswer, type HttpAsk, type HttpAsker, type HttpConnection } from './http.js';
import type { Timeline } from './timeline.js';

export interface ReaderDeps {
  readonly timeline: Timeline;
  readonly random: Seeded;
  readonly code: RoomCode;
  readonly ask: (ask: HttpAsk, asker: HttpAsker) => HttpConnection | undefined;
  /** The highest entry that anybody was told of until now. */
  readonly told: () => number;
  /** Whether the store has said yes to this end of the log. */
  readonly isStored: (seq: number, digest: Digest) => boolean;
  /** Somebody has been told of this entry. */
  readonly heard: (seq: number) => void;
  /** Whether it may be told of. */
  readonly isSafe: (seq: number) => boolean;
  readonly complain: (text: string) => void;
  readonly count: (name: string) => void;
}

const BETWEEN_MS = 1_500;
const TIMEOUT_MS = 12_000;

export class Reader {
  /** Every entry that it has read. */
  readonly read: Told[] = [];
  private last = 0;
  private resting = false;

  constructor(private readonly deps: ReaderDeps) {
    this.later();
  }

  rest(): void {
    this.resting = true;
  }

  private later(): void {
    const { timeline, random } = this.deps;
    if (this.resting) return;
    timeline.after(random.next() * BETWEEN_MS, () => (random.next() < 0.5 ? this.look() : this.turnPage()));
  }

  private ask(url: string, then: (answer: HttpAnswer) => void): void {
    const { timeline, count, complain, code } = this.deps;
    const over = (answer: HttpAnswer | undefined) => {
      timer.cancel();
      const name = url.replace(/\?.*/, '');
      count(`GET ${name}: ${answer?.status ?? 'no answer'}`);
      if (answer?.status === 200) then(answer);
      else if (answer) {
        const { error } = JSON.parse(answer.body) as { error: { code: string; retry: boolean } };
        if (!error.retry) complain(`${code}: GET ${name} was refused with ${answer.status} ${error.code}`);
      }
      this.later();
    };
    const timer = timeline.after(TIMEOUT_MS, () => {
      connection?.cancel();
      over(undefined);
    });
    const connection = this.deps.ask({ method: 'GET', url }, gather(over));
    if (!connection) over(undefined);
  }

  /** What was told before is seen: nobody answers from what it remembers of a room that it may have lost. */
  private look(): void {
    const { code, complain, told, isStored, isSafe, heard } = this.deps;
    const floor = told();
    this.ask(`/api/room?room_code=${code}`, ({ body }) => {
      const { seq, digest } = JSON.parse(body) as { seq: number; digest: Digest };
      if (seq < floor) complain(`${code}: GET /api/room showed ${seq} after ${floor} had been told`);
      if (seq > 0 && !isStored(seq, digest)) complain(`${code}: GET /api/room showed ${seq} before it was stored`);
      if (!isSafe(seq)) complain(`${code}: GET /api/room showed ${seq} before its copies had it`);
      heard(seq);
    });
  }

  private turnPage(): void {
    const { code, complain, told, isSafe, heard } = this.deps;
    const { last } = this;
    const floor = told();
    this.ask(`/api/room/events?room_code=${code}&after=${last}`, ({ body }) => {
      const { seq, entries } = JSON.parse(body) as {
        seq: number;
        entries: { seq: number; epoch: number; events: [] }[];
      };
      if (seq < floor) complain(`${code}: the public log ended at ${seq} after ${floor} had been told`);
      for (const [at, entry] of entries.entries()) {
        // The oldest may be trimmed.
        if (at > 0 && entry.seq !== (entries[at - 1]?.seq ?? 0) + 1)
          complain(`${code}: a page lacks what is before ${entry.seq}`);
        if (!isSafe(entry.seq)) complain(`${code}: the public log told ${entry.seq} before its copies had it`);
        this.read.push({ seq: entry.seq, epoch: entry.epoch, events: JSON.stringify(entry.events) });
      }
      this.last = entries.at(-1)?.seq ?? last;
      heard(this.last);
    });
  }
}
