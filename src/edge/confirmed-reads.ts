/**
 * Reads of a room by people who are not connected to it. A read is answered only after the store has confirmed, to a
 * question asked after the read came, that this instance still owns the room: an owner that was stopped and woken up
 * would otherwise answer from an old memory.
 *
 * A room is asked one question at a time for all of its readers, so that readers cannot fill its queue.
 */
import { CatalogueError, type ErrorCode } from '../errors.js';
import type { Committed, Connection } from '../room/audience.js';
import type { Mailbox } from '../room/mailbox.js';

/** Readers of one room that may wait while the store does not answer. */
const MAX_WAITING = 500;

interface Reader {
  readonly show: (room: Committed) => void;
  readonly fail: (error: unknown) => void;
}

export class ConfirmedReads {
  private readonly rooms = new WeakMap<Mailbox, RoomReaders>();

  /**
   * What `look` makes of the room; it is called once, and must not keep or change what it is given.
   * @throws CatalogueError FROZEN when too many wait already, or why the room is no longer played here
   */
  read<T>(mailbox: Mailbox, look: (room: Committed) => T): Promise<T> {
    let readers = this.rooms.get(mailbox);
    if (readers === undefined) {
      readers = new RoomReaders(mailbox);
      this.rooms.set(mailbox, readers);
    }
    const room = readers;
    return new Promise((resolve, fail) => room.add({ show: (committed) => resolve(look(committed)), fail }));
  }
}

class RoomReaders implements Connection {
  readonly clientId = 'readers';
  /** Those for whom the room has been asked. */
  private asking: readonly Reader[] = [];
  /** Those who came later: the answer may be older than their question. */
  private waiting: Reader[] = [];

  constructor(private readonly mailbox: Mailbox) {}

  add(reader: Reader): void {
    if (this.waiting.length >= MAX_WAITING) return reader.fail(new CatalogueError('FROZEN'));
    this.waiting.push(reader);
    if (this.asking.length === 0) this.ask();
  }

  confirmed(room: Committed): void {
    const readers = this.asking;
    this.asking = [];
    for (const reader of readers) {
      try {
        reader.show(room);
      } catch (error) {
        // Not the room's fault.
        reader.fail(error);
      }
    }
    if (this.waiting.length > 0) this.ask();
  }

  close(code: ErrorCode): void {
    const readers = [...this.asking, ...this.waiting];
    this.asking = [];
    this.waiting = [];
    for (const reader of readers) reader.fail(new CatalogueError(code));
  }

  moved(): void {
    this.close('MOVED');
  }

  send(): void {}

  private ask(): void {
    this.asking = this.waiting;
    this.waiting = [];
    this.mailbox.post({ type: 'read', from: this });
  }
}
