/** The frames that show one log entry to its viewers: what they have in common is written once. */
import type { Typed } from '../game/game.js';
import type { TurnInfo } from '../protocol/client-out.js';
import { Frame } from '../protocol/frame.js';
import { eventsText, type LogEntry } from './history.js';

export class EventFrames {
  /** JSON without its end. */
  private readonly start: string;
  /** What was shown last, and the frame of those who may do nothing now. */
  private shown: { readonly events: readonly Typed[]; readonly text: string; idle?: Frame };

  constructor(line: LogEntry, deadline: TurnInfo['deadline']) {
    const { seq, digest, entry } = line;
    const { epoch, at } = entry;
    this.start = `{"type":"event","seq":${seq},"digest":"${digest}","epoch":${epoch},"at":${at},"deadline":${deadline}`;
    this.shown = { events: entry.events, text: eventsText(line) };
  }

  /** The frame for who sees these events and may give these commands. Who sees the very same gets the very same frame. */
  frame(events: readonly Typed[], { legal, turn }: Pick<TurnInfo, 'legal' | 'turn'>): Frame {
    if (!isSame(this.shown.events, events)) this.shown = { events, text: JSON.stringify(events) };
    const { shown, start } = this;
    if (legal) {
      const begun = turn === undefined ? '' : `,"turn":${turn}`;
      return new Frame(`${start}${begun},"legal":${JSON.stringify(legal)},"events":${shown.text}}`);
    }
    shown.idle ??= new Frame(`${start},"events":${shown.text}}`);
    return shown.idle;
  }
}

const isSame = (some: readonly Typed[], others: readonly Typed[]): boolean =>
  some === others || (some.length === others.length && some.every((event, at) => event === others[at]));
