/** What happened at the table, told line by line, and the last trick, which the view forgets when a hand ends. */
import type { WonTrick } from '../../game/hokm/trick.js';
import type { ClientOut } from '../../protocol/client-out.js';
import { foldEvent } from '../fold.js';
import type { Connection, TableState } from '../table.js';
import { eventText, saidText } from './event-text.js';
import { gameOf } from './names.js';
import type { Paint } from './paint.js';

/** Lines that are kept. */
const LINES = 200;

export class Story {
  private readonly told: string[] = [];
  private trick: WonTrick | null = null;
  private connection: Connection = 'connecting';
  private wasOpen = false;

  /** `tell` is given every new line. */
  constructor(
    private readonly paint: Paint,
    private readonly tell: (line: string) => void = () => undefined,
  ) {}

  get lines(): readonly string[] {
    return this.told;
  }

  get lastTrick(): WonTrick | null {
    return this.trick;
  }

  add(line: string): void {
    this.told.push(line);
    if (this.told.length > LINES) this.told.shift();
    this.tell(line);
  }

  /** Takes a frame before the table has taken it. */
  frame(frame: ClientOut, before: TableState): void {
    if (frame.type === 'said' && before.view) this.add(saidText(frame, before.view));
    if ((frame.type === 'welcome' || frame.type === 'snapshot') && frame.view) {
      this.trick = gameOf(frame.view)?.table.last_trick ?? this.trick;
    }
    if (frame.type !== 'event' || !before.view || !before.cursor || frame.seq !== before.cursor.seq + 1) return;
    let view = before.view;
    for (const event of frame.events) {
      const line = eventText(event, view, this.paint);
      if (line !== undefined) this.add(line);
      view = foldEvent(view, event);
      if (event.type === 'match_started') this.trick = null;
      this.trick = gameOf(view)?.table.last_trick ?? this.trick;
    }
  }

  /** Tells that the connection has changed. */
  connected(connection: Connection): void {
    if (connection === this.connection) return;
    const before = this.connection;
    this.connection = connection;
    const { dim, green, yellow } = this.paint;
    if (connection === 'open') {
      if (before === 'frozen') this.add(green('The table goes on.'));
      else if (this.wasOpen) this.add(green('Connected again; nothing is lost.'));
      this.wasOpen = true;
    } else if (connection === 'frozen') {
      this.add(yellow('The table is frozen: the clocks stand, nothing is lost.'));
    } else if (connection === 'connecting' && this.wasOpen) {
      this.add(dim('The connection is lost; connecting again …'));
    }
  }
}
