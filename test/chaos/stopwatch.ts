/**
 * How long rooms stood still.
 *
 * stop = ack − max(fault, due), of the first ack after the fault in each affected room. A move is *due* when the client
 * has seen the event that gives it the turn, plus the seat delay: from then on the player waits for the cluster and not
 * the cluster for the player. One sample a room, none left out: a room that never goes on counts with the whole wait.
 *
 * An ack may be on its way when the fault strikes. Where the fault cuts the sockets of the room, one that comes over a
 * socket from before was sent before, and the next one is taken (unless it comes so late that this socket was evidently
 * not cut). Where it does not, such an ack cannot be told from a
 * quick one and is counted; hence `worst` beside it, which nothing escapes: the largest ack − max(fault, due) of all moves
 * of the room until the end of the measurement.
 *
 * Who was away waits for the cluster until the welcome, whether or not it is the own turn: where a fault brings players
 * back, that way is part of the stop.
 */
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Acknowledged, ClientHistory } from './history.js';

/** What the client behind a sample went through, ms after the fault; undefined where it did not happen after it. */
export interface Phases {
  /** When its move was due; 0 when it was due before. */
  readonly due: number;
  readonly closed: number | undefined;
  /** Start of the connection that the ack came by. */
  readonly dialled: number | undefined;
  readonly opened: number | undefined;
  readonly welcomed: number | undefined;
  readonly acked: number;
  /** Connections begun since the fault. */
  readonly attempts: number;
}

export interface Sample {
  readonly room: RoomCode;
  readonly stop: number;
  readonly phases: Phases | undefined;
}

/** Nothing is on its way for longer, ms. */
const ON_ITS_WAY_MS = 500;

export class Stopwatch {
  readonly samples = new Map<RoomCode, Sample>();
  readonly worst = new Map<RoomCode, number>();

  /**
   * @param at when the fault struck, monotonic ms.
   * @param cuts whether it breaks the sockets of the affected rooms.
   * @param returning whose moves alone count, where it brings players back.
   */
  constructor(
    private readonly at: number,
    private readonly affected: ReadonlySet<RoomCode>,
    private readonly cuts: boolean,
    private readonly returning?: ReadonlySet<ClientHistory>,
  ) {}

  /** Rooms that have not gone on yet. */
  get waiting(): RoomCode[] {
    return [...this.affected].filter((room) => !this.samples.has(room));
  }

  ack(ack: Acknowledged): void {
    const { room, client, command, at, line } = ack;
    if (!this.affected.has(room) || at < this.at) return;
    if (this.cuts && line.startedAt < this.at && at < this.at + ON_ITS_WAY_MS) return;
    if (this.returning && !this.returning.has(client)) return;
    const first = !this.samples.has(room);
    const stop = at - Math.max(this.at, command.due) + (first && this.returning ? this.wayBack(ack) : 0);
    this.worst.set(room, Math.max(stop, this.worst.get(room) ?? 0));
    if (first) this.samples.set(room, { room, stop, phases: this.phases(ack) });
  }

  /** Ends the wait for rooms that did not go on. */
  giveUp(at: number): void {
    for (const room of this.waiting) {
      this.samples.set(room, { room, stop: at - this.at, phases: undefined });
      this.worst.set(room, at - this.at);
    }
  }

  /** As much of it as passed before the move was due. */
  private wayBack({ command, line }: Acknowledged): number {
    const until = Math.min(line.welcomedAt ?? command.due, command.due);
    return Math.max(0, until - this.at);
  }

  private phases({ client, command, at, line }: Acknowledged): Phases {
    const since = (time: number | undefined) => (time !== undefined && time >= this.at ? time - this.at : undefined);
    const begun = client.lines.filter(({ startedAt }) => startedAt >= this.at);
    const broken = client.lines.find(({ startedAt, closedAt }) => startedAt < this.at && (closedAt ?? 0) >= this.at);
    return {
      due: since(command.due) ?? 0,
      closed: since(broken?.closedAt),
      dialled: since(line.startedAt),
      opened: since(line.openedAt),
      welcomed: since(line.welcomedAt),
      acked: at - this.at,
      attempts: begun.length,
    };
  }
}
