/** What anybody may read of a room over HTTP: its view, its public log, and the log as it grows. */
import { CatalogueError } from '../errors.js';
import type { Seat } from '../game/game.js';
import { PROTOCOL_VERSION } from '../protocol/client-in.js';
import type { Cursor, RoomView } from '../protocol/client-out.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import type { RoomStore } from '../room/store.js';
import type { Clock } from '../runtime/clock.js';
import { bounded } from './bounded.js';
import { ConfirmedReads } from './confirmed-reads.js';
import { EventStream } from './event-stream.js';
import type { Incoming } from './exchange.js';
import { hashToken } from './player-socket.js';
import { type LogPage, PublicLog } from './public-log.js';

export interface RoomReadsDeps {
  readonly store: Pick<RoomStore, 'meta' | 'read'>;
  readonly clock: Clock;
  /** Whether what the store has may be older than what somebody plays. @throws when it does not answer */
  readonly lostLately: () => Promise<boolean>;
}

export class RoomReads {
  private readonly reads = new ConfirmedReads();
  private readonly log: PublicLog;
  private readonly streams = new Set<EventStream>();

  constructor(private readonly deps: RoomReadsDeps) {
    this.log = new PublicLog(deps.store, this.reads, deps.clock);
  }

  /** The room as everybody may see it. @throws CatalogueError */
  view(mailbox: Mailbox): Promise<Cursor & { readonly view: RoomView }> {
    const shown = () => ({ ...mailbox.position, view: mailbox.view('spectator') });
    return bounded(this.deps.clock, this.reads.read(mailbox, shown)).catch((error: unknown) => {
      // Nothing follows the last entry of a closed room.
      if (mailbox.over && mailbox.status === 'closed') return shown();
      throw error;
    });
  }

  /** The seat of a token; undefined when it has none here. @throws CatalogueError */
  async seatOf(mailbox: Mailbox, token: string): Promise<Seat | undefined> {
    const hash = hashToken(token);
    const seat = mailbox.seatOf(hash);
    // Hello finds out whether it still is; that there is none is told only when it is sure.
    if (seat !== undefined || mailbox.over) return seat;
    return bounded(
      this.deps.clock,
      this.reads.read(mailbox, () => mailbox.seatOf(hash)),
    );
  }

  /** A page of the public log. @throws CatalogueError */
  page(mailbox: Mailbox, after: Seq): Promise<LogPage> {
    return bounded(this.deps.clock, this.log.page(mailbox, after));
  }

  /** The same of a room that nobody owns; undefined when somebody does, or there is none. @throws CatalogueError */
  async unownedPage(code: RoomCode, after: Seq): Promise<LogPage | undefined> {
    const meta = await bounded(this.deps.clock, this.deps.store.meta(code));
    if (meta?.owner !== null) return undefined;
    const page = await bounded(this.deps.clock, this.log.unowned(meta, after));
    // Asked last: somebody may play it all the same.
    if (await bounded(this.deps.clock, this.deps.lostLately())) throw new CatalogueError('FROZEN');
    return page;
  }

  /**
   * Answers with the room's public events after `after`, and then with all that follow, until either side ends it.
   * @throws CatalogueError while the answer has not begun
   */
  async follow(
    mailbox: Mailbox,
    { response, whenGone }: Pick<Incoming, 'response' | 'whenGone'>,
    after: Seq,
  ): Promise<void> {
    const stream = new EventStream(response, this.deps.clock);
    const isThere = whenGone(() => {
      this.streams.delete(stream);
      stream.gone();
      mailbox.detach(stream);
    });
    // Whoever left while the room was being opened would stay among the spectators for ever.
    if (!isThere) return;
    this.streams.add(stream);
    const hello = { type: 'hello', v: PROTOCOL_VERSION, client_id: stream.clientId, spectate: true } as const;
    mailbox.post({ type: 'hello', from: stream, hello, fresh: { token: '', hash: '' } });
    await bounded(this.deps.clock, stream.admitted);
    // Asked for once the stream is attached: whatever is not in it is told live.
    stream.begin(await bounded(this.deps.clock, this.log.past(mailbox, after)));
  }

  /** Ends the event streams: whoever follows comes back, to wherever the room is then. */
  closeStreams(): void {
    for (const stream of this.streams) stream.close('MOVED');
  }
}
