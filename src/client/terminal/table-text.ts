/** The whole table as lines of text. PURE: state in, lines out. */
import { type Side, sideOf } from '../../game/hokm/seats.js';
import type { WonTrick } from '../../game/hokm/trick.js';
import type { View } from '../../game/hokm/view.js';
import type { RoomView } from '../../protocol/client-out.js';
import type { Connection, TableState } from '../table.js';
import { cardIn, trumpIn } from './card-text.js';
import { clip, left, width, wrap } from './columns.js';
import { handText } from './hand-text.js';
import { capital, does, gameOf, nameOf, sideName } from './names.js';
import type { Paint } from './paint.js';
import { roundTable } from './round-table.js';
import { statusText } from './status-text.js';

/** Everything that is drawn. */
export interface Picture {
  readonly state: TableState;
  /** The latest last. */
  readonly log: readonly string[];
  readonly lastTrick: WonTrick | null;
  /** Shown in the log's place until the next input: help, an answer to the last input. */
  readonly panel: readonly string[];
  /** The command with which friends join. */
  readonly joinCommand: string;
  /** `Date.now()`. */
  readonly now: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const COLUMNS = 80;
/** Log lines that remain on the smallest screen. */
const FEWEST_LINES = 2;
/** From this many rows on there is room for empty lines round the hand. */
const ROOMY_ROWS = 28;

/** At most `rows - 2` lines (the prompt's row and an empty one remain), none wider than `columns`. */
export function tableText(picture: Picture, size: Size, paint: Paint): string[] {
  const { state, log, lastTrick, panel, now } = picture;
  const { view } = state;
  if (!view) return [`Room ${state.room ?? ''}`.trim(), connectionText(state.connection, paint), ...panel];
  const game = gameOf(view);
  const gap = size.rows < ROOMY_ROWS ? [] : [''];
  const rule = paint.dim('─'.repeat(COLUMNS));
  const upper = [
    ...headerText(state, view, game, paint),
    rule,
    ...roundTable({ view, presence: state.presence, lastTrick: view.status === 'playing' ? lastTrick : null }, paint),
    rule,
    ...(game ? scoreText(view, game, lastTrick, paint) : lobbyText(picture, paint)),
    ...gap,
    ...(game && view.status === 'playing' ? [...handText(game, state.legal.length > 0, paint), ...gap] : []),
    statusText(state, now, paint),
    ...gap,
  ];
  const space = Math.max(FEWEST_LINES, size.rows - 2 - upper.length);
  const answer = panel.flatMap((line) => wrap(line, size.columns - 1));
  const told = Math.max(0, space - answer.length);
  const lower = [...(told > 0 ? log.slice(-told) : []), ...answer];
  // On a screen that is too low the answer is worth more than the table above it.
  return [...upper, ...lower.map((line) => ` ${line}`)]
    .slice(-Math.max(1, size.rows - 2))
    .map((line) => clip(line, size.columns));
}

export function connectionText(connection: Connection, paint: Paint): string {
  switch (connection) {
    case 'open':
      return paint.green('● connected');
    case 'connecting':
      return paint.yellow('○ connecting …');
    case 'frozen':
      return paint.yellow('◌ frozen, clocks stand');
    case 'closed':
      return paint.red('× closed');
  }
}

function headerText(state: TableState, view: RoomView, game: View | null, paint: Paint): string[] {
  const dot = paint.dim(' · ');
  const target = (view.options as { readonly target_points?: number }).target_points ?? 7;
  const place = [`Room ${paint.bold(view.room)}`, `first to ${target}`];
  if (game && game.table.hand > 0) place.push(`hand ${game.table.hand}`);
  const { spectators } = state.presence;
  if (spectators > 0) place.push(`${spectators} watching`);
  const connection = connectionText(state.connection, paint);
  const first = left(` ${place.join(dot)}`, COLUMNS - 1 - width(connection)) + connection;
  return [first, game ? trumpLine(view, game, paint) : ''];
}

function trumpLine(view: RoomView, { table }: View, paint: Paint): string {
  if (table.hakem === null) return ' The first ace makes the hakem.';
  const trump = table.trump === null ? 'not named yet' : trumpIn(table.trump, paint);
  return ` Trump ${paint.bold(trump)}${paint.dim(' · ')}hakem ${paint.yellow(nameOf(view, table.hakem))}`;
}

const NAME_COLUMNS = 24;
const SCORE_COLUMNS = 45;

/** A line for each side, the viewer's first; beside them the last trick. */
function scoreText(view: RoomView, { table }: View, lastTrick: WonTrick | null, paint: Paint): string[] {
  const own: Side = view.seat === null ? 0 : sideOf(view.seat);
  const sides: readonly Side[] = [own, own === 0 ? 1 : 0];
  const last = lastTrickText(view, lastTrick, paint);
  return sides.map((side, at) => {
    const tricks = table.tricks[side];
    const bar = '■'.repeat(Math.min(tricks, 7)) + paint.dim('·'.repeat(Math.max(0, 7 - tricks)));
    const points = `${paint.bold(String(table.scores[side]))} point${table.scores[side] === 1 ? '' : 's'}`;
    const name = left(capital(sideName(view, side)), NAME_COLUMNS);
    return `${left(` ${name} ${bar} ${points}`, SCORE_COLUMNS)} ${last[at] ?? ''}`;
  });
}

/** Two lines: who led and who took it; the cards in their order, the winner's in brackets. */
export function lastTrickText(view: RoomView, trick: WonTrick | null, paint: Paint): string[] {
  if (trick === null) return [];
  const cards = trick.cards.map((card, at) => {
    const won = (trick.leader + at) % 4 === trick.winner;
    return won ? `${paint.bold('[')}${cardIn(card, paint)}${paint.bold(']')}` : cardIn(card, paint);
  });
  const end = trick.leader === trick.winner ? ' and took it' : `, ${nameOf(view, trick.winner)} took it`;
  return [`Last trick ${cards.join(' ')}`, paint.dim(`${capital(nameOf(view, trick.leader))} led${end}`)];
}

function lobbyText({ state, joinCommand }: Picture, paint: Paint): string[] {
  const { view } = state;
  if (!view) return [];
  const empty = view.seats.filter((seat) => seat === null).length;
  const lines = [` Friends join with:  ${paint.bold(joinCommand)}`];
  if (view.seat === null) return lines;
  if (view.host === view.seat) {
    lines.push(
      empty === 0
        ? ` Everybody is here: type ${paint.bold('start')}.`
        : ` Type ${paint.bold('bots')} to start with bots on the empty seats, ${paint.bold('bot 2')} for a single one.`,
    );
  } else if (view.host !== null) lines.push(` ${does(view, view.host, 'start')} the match.`);
  return lines;
}
