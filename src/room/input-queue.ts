/** What waits to be worked off by a room's mailbox, in order and bounded. */
import type { Connection } from './audience.js';
import type { Input } from './step.js';

export type RoomInput = Input<Connection>;

/** A connection has ended. Its seat is looked up when everything that was posted before has been done. */
interface Detached {
  readonly type: 'detached';
  readonly from: Connection;
}

const isInput = (item: RoomInput | Detached): item is RoomInput => item.type !== 'detached';

/** Inputs of one connection, and of a whole room, that may wait: a table that stands still must not fill the memory. */
const WAITING_PER_CONNECTION = 32;
const WAITING = 1_024;
/** Of these so many at most are taken from whoever has no seat: those who watch must not keep players out. */
const WAITING_OF_OTHERS = 512;

/** What proves the seat of whoever sends this, '' where nothing does. */
export const holderOf = (input: RoomInput): string =>
  (input.type === 'hello' ? input.presented : 'holder' in input ? input.holder : '') ?? '';

/** Whose inputs these are. */
export const sendersOf = (inputs: readonly (RoomInput | Detached)[]): Connection[] =>
  inputs.flatMap((input) => ('from' in input ? [input.from] : []));

export class InputQueue {
  private items: (RoomInput | Detached)[] = [];

  get length(): number {
    return this.items.length;
  }

  push(input: RoomInput): void {
    this.items.push(input);
  }

  /** Puts what must happen before everything else in front. */
  first(input: RoomInput): void {
    this.items.unshift(input);
  }

  /** Whether so much waits that it must be asked whether more may. */
  get crowded(): boolean {
    return this.items.length >= WAITING_PER_CONNECTION;
  }

  /** Whether nothing more of `from`, a player or not, can wait. */
  isFull(from: Connection, isPlayer: boolean): boolean {
    if (!this.crowded) return false;
    if (this.items.length >= (isPlayer ? WAITING : WAITING_OF_OTHERS)) return true;
    return this.items.filter((item) => 'from' in item && item.from === from).length >= WAITING_PER_CONNECTION;
  }

  /** The connection has ended. A hello of it that still waits takes no seat: nobody would ever hold its token. */
  detach(from: Connection): void {
    const hello = this.items.findIndex((item) => item.type === 'hello' && item.from === from);
    if (hello >= 0) this.items.splice(hello, 1);
    this.items.push({ type: 'detached', from });
  }

  /** Takes what waits, up to the next connection that has ended; `end` makes an input of that, where it was anybody. */
  takeBatch(end: (connection: Connection) => RoomInput | undefined): readonly RoomInput[] {
    const { items } = this;
    if (items.every(isInput)) {
      this.items = [];
      return items;
    }
    const batch: RoomInput[] = [];
    for (let item = this.items[0]; item !== undefined; item = this.items[0]) {
      if (isInput(item)) {
        batch.push(item);
      } else {
        if (batch.length > 0) break;
        const ended = end(item.from);
        if (ended) batch.push(ended);
      }
      this.items.shift();
    }
    return batch;
  }

  /** Takes nothing more: whose inputs still waited. */
  clear(): Connection[] {
    const senders = sendersOf(this.items);
    this.items = [];
    return senders;
  }
}
