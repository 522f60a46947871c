/** A player's typed lines carried out at a table, and the answers to them. */
import { CommandRefused, type Table, type TableState } from '../table.js';
import { helpText, proofText } from './help-text.js';
import { type Intent, parseLine } from './input.js';
import { gameOf } from './names.js';
import type { Paint } from './paint.js';
import type { Story } from './story.js';
import { lastTrickText } from './table-text.js';

export class Desk {
  private answered: readonly string[] = [];
  /** Said because it was not the player's turn: not true any more once it is. */
  private early = false;
  private asked: 'leave' | undefined;
  /** In which turn the line that is being typed was begun. */
  private begunIn: TableState['turn'] = null;

  /** `changed`: the answer is another one. `quit`: the player wants to go. */
  constructor(
    private readonly table: Table,
    private readonly story: Story,
    private readonly paint: Paint,
    private readonly changed: () => void,
    private readonly quit: () => void,
  ) {}

  /** What the last input was answered with, as long as that is true. */
  get answer(): readonly string[] {
    return this.early && this.table.state.legal.length > 0 ? [] : this.answered;
  }

  /** A line is begun: what it says of cards is said of those that are shown now. */
  begins(): void {
    this.begunIn = this.table.state.turn;
  }

  take(line: string): void {
    const intent = parseLine(line, this.table.state);
    const confirmed = this.asked;
    this.asked = undefined;
    this.answered = [];
    this.early = false;
    this.carryOut(intent, confirmed);
    this.begunIn = null;
    this.changed();
  }

  private carryOut(intent: Intent, confirmed: 'leave' | undefined): void {
    const { view } = this.table.state;
    switch (intent.kind) {
      case 'nothing':
        return;
      case 'help':
        return this.say(...helpText(this.paint));
      case 'last': {
        const last = view ? lastTrickText(view, this.story.lastTrick, this.paint) : [];
        return this.say(...(last.length > 0 ? last : ['No trick has been taken yet.']));
      }
      case 'proof': {
        const game = view && gameOf(view);
        return this.say(...(game ? proofText(game, this.paint) : ['No hand has been dealt yet.']));
      }
      case 'mistake':
        this.early = this.table.state.legal.length === 0;
        return this.say(this.paint.yellow(intent.message));
      case 'say':
        return this.table.say(intent.words);
      case 'quit':
        return this.quit();
      case 'leave':
        if (view?.status === 'playing' && confirmed !== 'leave') {
          this.asked = 'leave';
          return this.say(
            this.paint.yellow('A bot would play your seat to the end, and anybody may take it: type leave again.'),
            'With quit your seat is kept for you.',
          );
        }
        return this.give({ type: 'leave' });
      case 'command':
        return this.give(intent.command);
    }
  }

  private say(...lines: string[]): void {
    this.answered = lines;
  }

  private give(command: { readonly type: string }): void {
    this.table.command(command, this.begunIn ?? this.table.state.turn).catch((error: unknown) => {
      // The end of the table is told elsewhere.
      if (!(error instanceof CommandRefused) || this.table.state.connection === 'closed') return;
      this.say(this.paint.yellow(error.frame.message));
      this.changed();
    });
  }
}
