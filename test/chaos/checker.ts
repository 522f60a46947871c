/**
 * The linear checker: the log is the total order, and everything that clients saw, sent and were told must agree with it.
 * PURE; looks at one room at a time, so that it needs the memory of one.
 */
import type { Viewer } from '../../src/game/game.js';
import { findGame } from '../../src/game/games.js';
import type { CommandId, Digest, Epoch, RoomCode, Seq } from '../../src/protocol/ids.js';
import { chain, NO_DIGEST } from '../../src/room/history.js';
import type { Entry } from '../../src/room/state.js';
import { projectEntry, viewRoom } from '../../src/room/view.js';
import { fingerprint } from './canonical.js';
import type { ClientEvidence, CommandRecord, ConnectionRecord, FrameRecord, RoomEvidence } from './evidence.js';
import { Replay } from './replay.js';

export type Kind =
  | 'lost'
  | 'doubled'
  | 'misplaced'
  | 'refused but done'
  | 'never sent'
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
}

export function checkRoom(evidence: RoomEvidence): Verdict {
  return new RoomCheck(evidence).run();
}

class RoomCheck {
  private readonly violations: Violation[] = [];
  /** By seq; nothing at 0. */
  private readonly lines: Line[] = [];
  /** Seqs at which each command stands in the log, by seat and id. */
  private readonly done = new Map<string, number[]>();
  private readonly sent = new Map<string, CommandRecord>();
  private acked = 0;

  constructor(private readonly evidence: RoomEvidence) {
    for (const { seat, commands } of evidence.clients) {
      for (const command of commands) this.sent.set(key(seat, command.id), command);
    }
  }

  run(): Verdict {
    this.readLog();
    this.comparePublished();
    for (const client of this.evidence.clients) {
      for (const command of client.commands) this.checkCommand(client, command);
      for (const connection of client.connections) this.checkConnection(client, connection);
      this.checkEnd(client);
    }
    this.checkRealTime();
    return { acked: this.acked, violations: this.violations };
  }

  private readLog(): void {
    const { head, log, meta, clients } = this.evidence;
    const game = findGame(head.game);
    if (!game) throw new Error(`there is no game called ${head.game}`);
    const replay = new Replay(game, head);
    const viewers: Viewer[] = [...clients.map(({ seat }) => seat), 'spectator'];
    const views = this.viewsBySeq();
    let digest = NO_DIGEST;
    let epoch = 0 as Epoch;
    let seq = 0 as Seq;
    let broken = false;
    for (const stored of log) {
      if (stored.seq !== seq + 1) this.blame('gap', stored.seq, `the log goes from ${seq} to ${stored.seq}`);
      seq = stored.seq;
      const entry = JSON.parse(stored.text) as Entry;
      if (entry.epoch < epoch) this.blame('epoch', seq, `epoch ${entry.epoch} after epoch ${epoch}`);
      epoch = entry.epoch;
      digest = chain(digest, stored.text);
      if (entry.by) this.noteDone(seq, key(entry.by.seat, entry.by.id));
      const shown = new Map(viewers.map((viewer) => [viewer, shownTo(viewer, entry)] as const));
      this.lines[seq] = { digest, epoch, shown };
      // After one entry that does not fit all others would be called wrong too.
      if (broken) continue;
      broken = !this.replayed(replay, entry, seq);
      for (const { seat, source, fingerprint: given } of views.get(seq) ?? []) {
        if (broken || given === fingerprint(viewRoom(game, head, replay.state, seat))) continue;
        this.blame('view', seq, `seat ${seat} had another view (${source})`);
      }
    }
    if (meta.seq !== seq) this.blame('gap', seq, `the log ends at ${seq}, its meta says ${meta.seq}`);
    if (meta.digest !== digest) this.blame('digest', seq, `the log adds up to ${digest}, its meta says ${meta.digest}`);

    function shownTo(viewer: Viewer, entry: Entry): string {
      return game ? JSON.stringify(projectEntry(game, head, entry, viewer)) : '';
    }
  }

  /** True when the entry could be replayed. */
  private replayed(replay: Replay, entry: Entry, seq: Seq): boolean {
    const command = entry.by && this.sent.get(key(entry.by.seat, entry.by.id));
    try {
      const wrong = replay.take(entry, seq, command?.command);
      if (wrong !== undefined) this.blame('illegal', seq, wrong);
      return wrong === undefined;
    } catch (error) {
      this.blame('illegal', seq, `cannot be replayed: ${(error as Error).message}`);
      return false;
    }
  }

  private noteDone(seq: number, command: string): void {
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

  private checkCommand({ seat }: ClientEvidence, { id, acks, refused }: CommandRecord): void {
    const places = this.done.get(key(seat, id)) ?? [];
    const [first] = acks;
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

  private checkConnection({ seat }: ClientEvidence, { resume, welcome, frames }: ConnectionRecord): void {
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
      this.checkFrame(seat, frame);
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

  /** With the digest at the end all of them have seen one and the same log. */
  private checkEnd({ seat, end }: ClientEvidence): void {
    const { meta } = this.evidence;
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
    const bySeq = new Map<number, { seat: Viewer; source: string; fingerprint: string }[]>();
    for (const { seat, views } of this.evidence.clients) {
      for (const view of views) {
        const list = bySeq.get(view.seq) ?? [];
        list.push({ seat, source: view.source, fingerprint: view.fingerprint });
        bySeq.set(view.seq, list);
      }
    }
    return bySeq;
  }

  private blame(kind: Kind, seq: number | null, text: string, ackedAt?: number): void {
    this.violations.push({ kind, room: this.evidence.code, seq, text, ...(ackedAt === undefined ? {} : { ackedAt }) });
  }
}

const key = (seat: Viewer, id: CommandId) => `${seat}/${id}`;
