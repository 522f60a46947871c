/**
 * The linear checker: the log is the total order, and everything that clients saw, sent and were told must agree with it.
 * PURE; looks at one room at a time, so that it needs the memory of one.
 */
import type { Seat, Viewer } from '../../src/game/game.js';
import { findGame } from '../../src/game/games.js';
import type { CommandId, Digest, Epoch, RoomCode, Seq } from '../../src/protocol/ids.js';
import { chain, NO_DIGEST } from '../../src/room/history.js';
import { type Entry, isRoomEvent, type RoomState, seatOf } from '../../src/room/state.js';
import { cardsFor, projectEntry, viewRoom } from '../../src/room/view.js';
import { fingerprint } from './canonical.js';
import type {
  ClientEvidence,
  CommandRecord,
  ConnectionRecord,
  FrameRecord,
  RoomEvidence,
  StreamRecord,
  ViewRecord,
} from './evidence.js';
import { Replay } from './replay.js';

export type Kind =
  | 'lost'
  | 'doubled'
  | 'misplaced'
  | 'refused but done'
  | 'never sent'
  | 'stray ack'
  | 'seat'
  | 'turn'
  | 'stream'
  | 'gap'
  | 'epoch'
  | 'digest'
  | 'illegal'
  | 'published'
  | 'frame'
  | 'order'
  | 'view'
  | 'real time';

export interface Violation {
  readonly kind: Kind;
  readonly room: RoomCode;
  /** Where in the log; null when it is nowhere. */
  readonly seq: number | null;
  readonly text: string;
  /** Of a lost command: when it was acknowledged, monotonic ms. */
  readonly ackedAt?: number;
}

export interface Verdict {
  /** Commands that were acknowledged. */
  readonly acked: number;
  readonly violations: readonly Violation[];
}

/** The log as it must have looked to everybody. */
interface Line {
  readonly digest: Digest;
  readonly epoch: Epoch;
  /** JSON of the events by viewer; seat, or `spectator`. */
  readonly shown: ReadonlyMap<Viewer, string>;
  /** Tokens, by their hash, of those who took a seat here. */
  readonly takers: readonly string[];
  /** The last entry before this one with an event of the game. */
  readonly played: number;
}

export function checkRoom(evidence: RoomEvidence): Verdict {
  return new RoomCheck(evidence).run();
}

class RoomCheck {
  private readonly violations: Violation[] = [];
  /** By seq; nothing at 0. */
  private readonly lines: Line[] = [];
  /** Seqs at which each command stands in the log. */
  private readonly done = new Map<CommandId, number[]>();
  private readonly sent = new Map<CommandId, { readonly client: ClientEvidence; readonly command: CommandRecord }>();
  /** By client, where it sat after each entry, from 0 on. */
  private readonly sat = new Map<ClientEvidence, (Seat | null)[]>();
  private acked = 0;

  constructor(private readonly evidence: RoomEvidence) {
    for (const client of evidence.clients) {
      for (const command of client.commands) this.sent.set(command.id, { client, command });
      this.sat.set(client, [client.seat]);
    }
  }

  run(): Verdict {
    this.readLog();
    this.comparePublished();
    for (const client of this.evidence.clients) {
      for (const command of client.commands) this.checkCommand(client, command);
      for (const connection of client.connections) this.checkConnection(client, connection);
      this.checkPromises(client);
      this.checkEnd(client);
    }
    for (const stream of this.evidence.streams ?? []) this.checkStream(stream);
    this.checkRealTime();
    return { acked: this.acked, violations: this.violations };
  }

  private readLog(): void {
    const { head, log, meta } = this.evidence;
    const game = findGame(head.game);
    if (!game) throw new Error(`there is no game called ${head.game}`);
    const replay = new Replay(game, head);
    const viewers: Viewer[] = [...replay.state.seats.map((_, seat) => seat as Seat), 'spectator'];
    const views = this.viewsBySeq();
    let digest = NO_DIGEST;
    let epoch = 0 as Epoch;
    let seq = 0 as Seq;
    let played = 0;
    let broken = false;
    for (const stored of log) {
      if (stored.seq !== seq + 1) this.blame('gap', stored.seq, `the log goes from ${seq} to ${stored.seq}`);
      seq = stored.seq;
      const entry = JSON.parse(stored.text) as Entry;
      if (entry.epoch < epoch) this.blame('epoch', seq, `epoch ${entry.epoch} after epoch ${epoch}`);
      epoch = entry.epoch;
      digest = chain(digest, stored.text);
      if (entry.by) this.noteDone(seq, entry.by.id);
      const before = replay.state;
      // After one entry that does not fit all others would be called wrong too.
      if (!broken) broken = !this.replayed(replay, entry, seq);
      const shown = new Map(viewers.map((viewer) => [viewer, shownTo(viewer, entry, [before, replay.state])] as const));
      this.lines[seq] = { digest, epoch, shown, takers: takersOf(entry), played };
      if (entry.events.some((event) => !isRoomEvent(event))) played = seq;
      this.noteSeats(replay.state, entry, seq, broken);
      for (const { client, source, seat = client.seat, fingerprint: given } of views.get(seq) ?? []) {
        if (broken) break;
        const [seatBefore, seatAfter] = this.seatsAround(client, seq);
        // Whoever has just lost the seat remembers its cards, which nobody is shown any more.
        if (source === 'folded' && seat !== null && seatBefore === seat && seatAfter !== seat) continue;
        const own = seatBefore === seat || seatAfter === seat;
        if (own && given === fingerprint(viewRoom(game, head, replay.state, seat ?? 'spectator'))) continue;
        this.blame('view', seq, `seat ${seat} had another view${own ? '' : ', which is not its own'} (${source})`);
      }
    }
    if (meta.seq !== seq) this.blame('gap', seq, `the log ends at ${seq}, its meta says ${meta.seq}`);
    if (meta.digest !== digest) this.blame('digest', seq, `the log adds up to ${digest}, its meta says ${meta.digest}`);

    function shownTo(viewer: Viewer, entry: Entry, around: readonly RoomState[]): string {
      const waits = around.some((state) => cardsFor(state, viewer) === 'spectator');
      return game ? JSON.stringify(projectEntry(game, head, entry, waits ? 'spectator' : viewer)) : '';
    }
  }

  /** True when the entry could be replayed. */
  private replayed(replay: Replay, entry: Entry, seq: Seq): boolean {
    const { command } = (entry.by && this.sent.get(entry.by.id)) ?? {};
    try {
      const wrong = replay.take(entry, seq, command?.command);
      if (wrong !== undefined) this.blame('illegal', seq, wrong);
      return wrong === undefined;
    } catch (error) {
      this.blame('illegal', seq, `cannot be replayed: ${(error as Error).message}`);
      return false;
    }
  }

  /** Where clients sit, by the tokens that they hold, and whether the sender of a command did. */
  private noteSeats(state: RoomState, { events, by }: Entry, seq: number, broken: boolean): void {
    const same = broken || !events.some(isRoomEvent);
    for (const [client, seats] of this.sat) {
      const { holders = [] } = client;
      const before = seats[seq - 1] ?? null;
      const found = same ? before : holders.map((holder) => seatOf(state, holder)).find((seat) => seat !== undefined);
      seats[seq] = holders.length === 0 ? client.seat : (found ?? null);
    }
    const sender = by && this.sent.get(by.id)?.client;
    if (broken || !by || !sender || this.seatsAround(sender, seq).includes(by.seat)) return;
    this.blame('seat', seq, `command ${by.id} was done for seat ${by.seat}, which its sender did not have`);
  }

  /** Where a client sat just before the entry, and just after it. */
  private seatsAround(client: ClientEvidence, seq: number): readonly [before: Seat | null, after: Seat | null] {
    const seats = this.sat.get(client) ?? [];
    return [seats[seq - 1] ?? null, seats[seq] ?? null];
  }

  private noteDone(seq: number, command: CommandId): void {
    const places = this.done.get(command) ?? [];
    if (places.length > 0) this.blame('doubled', seq, `command ${command} stands at ${places.join(', ')} already`);
    if (!this.sent.has(command)) this.blame('never sent', seq, `no client has sent command ${command}`);
    this.done.set(command, [...places, seq]);
  }

  private comparePublished(): void {
    const { published, log } = this.evidence;
    if (published === null) return;
    if (published.length !== log.length) {
      this.blame('published', null, `the API tells ${published.length} entries of ${log.length}`);
    }
    for (const { seq, epoch, events } of published) {
      const line = this.lines[seq];
      if (line?.epoch === epoch && line.shown.get('spectator') === JSON.stringify(events)) continue;
      this.blame('published', seq, 'the API tells an entry that is not the one in the log');
    }
  }

  private checkCommand({ seat }: ClientEvidence, { id, acks, refused, turn }: CommandRecord): void {
    const places = this.done.get(id) ?? [];
    const [first] = acks;
    for (const place of places) {
      const played = this.lines[place]?.played ?? 0;
      if (typeof turn !== 'number' || played <= turn) continue;
      this.blame(
        'turn',
        place,
        `command ${id} of seat ${seat} was for the turn of ${turn}, which ended with ${played}`,
      );
    }
    if (!first) {
      if (refused !== null && places.length > 0) {
        this.blame('refused but done', places[0] ?? null, `command ${id} of seat ${seat}, refused with ${refused}`);
      }
      return;
    }
    this.acked += 1;
    if (refused !== null) this.blame('misplaced', first.seq, `command ${id} of seat ${seat} was acked and ${refused}`);
    for (const ack of acks) {
      if (places.length === 0) {
        this.blame('lost', ack.seq, `command ${id} of seat ${seat} was acked and is not in the log`, ack.at);
        return;
      }
      if (!places.includes(ack.seq)) {
        this.blame(
          'misplaced',
          ack.seq,
          `command ${id} of seat ${seat} was acked here and stands at ${places.join(', ')}`,
        );
      }
    }
  }

  /** What a client was told beside acks of its own commands, and holds to be true. */
  private checkPromises({ seat, promisedSeats = [], strayAcks = [] }: ClientEvidence): void {
    for (const { holder, seq } of promisedSeats) {
      if (this.lines.some((line, at) => at <= seq && line.takers.includes(holder))) continue;
      this.blame('seat', seq, `a client was welcomed to seat ${seat} with a token that took no seat up to there`);
    }
    for (const { id, seq } of strayAcks) {
      this.blame('stray ack', seq, `seat ${seat} was told that ${id} is done, which it never sent`);
      if (!this.done.get(id)?.includes(seq)) this.blame('lost', seq, `command ${id} was acked and is not in the log`);
    }
  }

  /** Every entry from where it began, as spectators may see it. */
  private checkStream({ after, entries }: StreamRecord): void {
    let expected = after + 1;
    for (const { seq, epoch, events } of entries) {
      if (seq !== expected) this.blame('stream', seq, `a stream told entry ${seq} where ${expected} comes next`);
      expected = seq + 1;
      const line = this.lines[seq];
      if (line?.epoch === epoch && line.shown.get('spectator') === JSON.stringify(events)) continue;
      this.blame('stream', seq, 'a stream told an entry that is not the one in the log');
    }
  }

  private checkConnection(client: ClientEvidence, { resume, welcome, frames }: ConnectionRecord): void {
    const { seat } = client;
    if (!welcome) {
      const [frame] = frames;
      if (frame) this.blame('order', frame.seq, `seat ${seat} got events before its welcome`);
      return;
    }
    if (welcome.seq > 0 && this.lines[welcome.seq]?.digest !== welcome.digest) {
      this.blame('digest', welcome.seq, `seat ${seat} was welcomed with digest ${welcome.digest}`);
    }
    let expected = (welcome.resumed ? (resume?.seq ?? 0) : welcome.seq) + 1;
    for (const frame of frames) {
      if (frame.seq !== expected) {
        this.blame('order', frame.seq, `seat ${seat} got event ${frame.seq} where ${expected} comes next`);
      }
      expected = frame.seq + 1;
      // Who changes seats with an entry is shown it as one of the old seat.
      this.checkFrame(this.seatsAround(client, frame.seq)[0] ?? seat ?? 'spectator', frame);
    }
  }

  private checkFrame(seat: Viewer, frame: FrameRecord): void {
    const line = this.lines[frame.seq];
    if (!line) return this.blame('frame', frame.seq, `seat ${seat} was told of an entry that is not in the log`);
    if (line.digest !== frame.digest) {
      this.blame('digest', frame.seq, `seat ${seat} was told ${frame.digest}, the log adds up to ${line.digest}`);
    }
    if (line.epoch !== frame.epoch) {
      this.blame('epoch', frame.seq, `seat ${seat} was told epoch ${frame.epoch}, the log says ${line.epoch}`);
    }
    if (line.shown.get(seat) !== frame.events) {
      this.blame('frame', frame.seq, `seat ${seat} was told ${frame.events} instead of ${line.shown.get(seat)}`);
    }
  }

  /** With the digest at the end all of them have seen one and the same log; who has left, up to there. */
  private checkEnd({ seat, end, left }: ClientEvidence): void {
    const { meta } = this.evidence;
    if (left) {
      if (end && this.lines[end.seq]?.digest !== end.digest) {
        this.blame('order', end.seq, `seat ${seat} left at ${end.seq} ${end.digest}, which is not in the log`);
      }
      return;
    }
    if (end?.seq === meta.seq && end.digest === meta.digest) return;
    this.blame('order', end?.seq ?? null, `seat ${seat} ended at ${end?.seq} ${end?.digest}, the log at ${meta.seq}`);
  }

  /** What is sent after an ack has been received comes after it. */
  private checkRealTime(): void {
    const moments = this.evidence.clients.flatMap(({ commands }) =>
      commands.flatMap(({ id, order, acks }) => {
        const [ack] = acks;
        return ack
          ? [
              { order, sent: ack.seq, acked: 0, id },
              ...acks.map((one) => ({ order: one.order, sent: 0, acked: one.seq, id })),
            ]
          : [];
      }),
    );
    let highest = 0;
    for (const { sent, acked, id } of moments.sort((a, b) => a.order - b.order)) {
      if (sent > 0 && sent <= highest) {
        this.blame('real time', sent, `command ${id} was sent after the ack of ${highest}, and stands before it`);
      }
      highest = Math.max(highest, acked);
    }
  }

  private viewsBySeq() {
    const bySeq = new Map<number, (ViewRecord & { readonly client: ClientEvidence })[]>();
    for (const client of this.evidence.clients) {
      for (const view of client.views) {
        const list = bySeq.get(view.seq) ?? [];
        list.push({ ...view, client });
        bySeq.set(view.seq, list);
      }
    }
    return bySeq;
  }

  private blame(kind: Kind, seq: number | null, text: string, ackedAt?: number): void {
    this.violations.push({ kind, room: this.evidence.code, seq, text, ...(ackedAt === undefined ? {} : { ackedAt }) });
  }
}

/** The tokens, by their hash, that took a seat. */
const takersOf = ({ events }: Entry): string[] =>
  events.flatMap((event) => {
    if (event.type !== 'seat_taken' || !('token_hash' in event)) return [];
    return typeof event.token_hash === 'string' ? [event.token_hash] : [];
  });
