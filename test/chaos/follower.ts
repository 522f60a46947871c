/** A spectator by HTTP: follows a room's event stream, and comes back to it with the last entry that it has. */
import { type ClientRequest, request } from 'node:http';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { PublishedEntry, StreamRecord } from './evidence.js';

/** What a stream tells; a snapshot stands for all entries up to it. */
type Told = ({ readonly type: 'event' } & PublishedEntry) | { readonly type: 'snapshot'; readonly seq: number };

const AGAIN_MS = 200;
const END_OF_MESSAGE = '\n\n';

export class Follower {
  /** One for each stream, and for each view that a stream went on from. */
  readonly streams: (StreamRecord & { readonly entries: PublishedEntry[] })[] = [];
  private last = 0;
  private under: ClientRequest | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly base: string,
    private readonly room: RoomCode,
  ) {
    this.follow();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.under?.destroy();
  }

  private follow(): void {
    const headers = { accept: 'text/event-stream', 'last-event-id': String(this.last) };
    const asked = request(`${this.base}/api/room/events?room_code=${this.room}`, { headers, agent: false });
    this.under = asked;
    asked.on('response', (response) => {
      if (response.statusCode !== 200) return void response.destroy();
      this.begin(this.last);
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        const messages = `${text}${part}`.split(END_OF_MESSAGE);
        text = messages.pop() ?? '';
        for (const message of messages) this.hear(message);
      });
      response.on('error', () => undefined);
    });
    asked.on('error', () => undefined);
    asked.on('close', () => {
      if (!this.stopped) this.timer = setTimeout(() => this.follow(), AGAIN_MS);
    });
    asked.end();
  }

  private begin(after: number): void {
    this.streams.push({ after, entries: [] });
  }

  private hear(message: string): void {
    const data = /^data: (.*)$/m.exec(message)?.[1];
    if (data === undefined) return;
    const told = JSON.parse(data) as Told;
    this.last = told.seq;
    if (told.type === 'snapshot') this.begin(told.seq);
    else this.streams.at(-1)?.entries.push({ seq: told.seq, at: told.at, epoch: told.epoch, events: told.events });
  }
}
