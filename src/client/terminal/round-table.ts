/**
 * The players and their cards in the middle: the viewer at the bottom, the next to play on his right, so that play goes
 * anticlockwise. Between two tricks the last one stays on the table, dimmed.
 */
import { type Card, cardText, suitOf } from '../../game/cards.js';
import type { Seat } from '../../game/game.js';
import { after } from '../../game/hokm/seats.js';
import { holder, type Trick, type Trump } from '../../game/hokm/trick.js';
import type { Presence, RoomView } from '../../protocol/client-out.js';
import { inSuit } from './card-text.js';
import { centre, left, right, width } from './columns.js';
import { gameOf, playerName } from './names.js';
import type { Paint } from './paint.js';

export interface RoundTable {
  readonly view: RoomView;
  readonly presence: Presence;
  /** Shown while no card lies on the table. */
  readonly lastTrick: Trick | null;
}

const SIDE_COLUMNS = 24;
const BOX_COLUMNS = 6;
const NO_BOX: Box = ['', '', ''];
type Box = readonly [string, string, string];

/** Nine lines of 80 columns. */
export function roundTable({ view, presence, lastTrick }: RoundTable, paint: Paint): string[] {
  const game = gameOf(view);
  const near = view.seat ?? (0 as Seat);
  const [own, onRight, far, onLeft] = [0, 1, 2, 3].map((steps) => after(near, steps)) as [Seat, Seat, Seat, Seat];
  const current = game?.table.trick ?? null;
  const trick = current !== null && current.cards.length > 0 ? current : lastTrick;
  const boxes = trick === null ? new Map() : boxesOf(trick, game?.table.trump ?? null, trick !== current, paint);
  const box = (seat: Seat): Box => boxes.get(seat) ?? NO_BOX;
  const leader = trick !== null && trick === current ? trick.leader : null;
  const name = (seat: Seat) => nameLine(view, seat, paint);
  const badges = (seat: Seat) => badgesOf(view, presence, seat, leader, paint);
  const withBadges = (seat: Seat) => [name(seat), ...badges(seat)].join(paint.dim(' · '));
  const [l, r] = [onLeft, onRight].map((seat) => [name(seat), ...stacked(badges(seat))]) as [string[], string[]];
  const row = (at: number, ...[leftBox, middle, rightBox]: [string, string, string]) =>
    right(l[at] ?? '', SIDE_COLUMNS) +
    centre(cell(leftBox) + ' '.repeat(2) + cell(middle) + ' '.repeat(2) + cell(rightBox), 32) +
    left(r[at] ?? '', SIDE_COLUMNS);
  const top = box(far);
  const bottom = box(own);
  const [leftBox, rightBox] = [box(onLeft), box(onRight)];
  const middle = trick !== null && trick !== current ? paint.dim('last') : '';
  return [
    centre(withBadges(far), 80),
    centre(top[0], 80),
    centre(top[1], 80),
    row(0, leftBox[0], top[2], rightBox[0]),
    row(1, leftBox[1], centre(middle, BOX_COLUMNS), rightBox[1]),
    row(2, leftBox[2], bottom[0], rightBox[2]),
    centre(bottom[1], 80),
    centre(bottom[2], 80),
    centre(withBadges(own), 80),
  ];
}

const cell = (text: string) => (text === '' ? ' '.repeat(BOX_COLUMNS) : text);

/** The card that holds the trick has a double frame. */
function boxesOf(trick: Trick, trump: Trump | null, dimmed: boolean, paint: Paint): Map<Seat, Box> {
  const winner = 'winner' in trick ? (trick.winner as Seat) : trump === null ? null : holder(trick, trump);
  return new Map(
    trick.cards.map((card, at): [Seat, Box] => {
      const seat = after(trick.leader, at);
      return [seat, boxOf(card, seat === winner, dimmed, paint)];
    }),
  );
}

function boxOf(card: Card, holds: boolean, dimmed: boolean, paint: Paint): Box {
  const face = centre(cardText(card), BOX_COLUMNS - 2);
  const [edge, over, under] = holds ? (['║', '╔════╗', '╚════╝'] as const) : (['│', '┌────┐', '└────┘'] as const);
  if (dimmed) return [paint.dim(over), paint.dim(edge + face + edge), paint.dim(under)];
  return [over, edge + inSuit(suitOf(card), face, paint) + edge, under];
}

function nameLine(view: RoomView, seat: Seat, paint: Paint): string {
  if (!view.seats[seat]) return paint.dim(`empty · seat ${seat}`);
  const own = seat === view.seat;
  const name = `${playerName(view, seat)}${own ? ' (you)' : ''}`;
  const turn = view.status === 'playing' && gameOf(view)?.table.turn === seat;
  return turn ? paint.bold(paint.yellow(`▶ ${name}`)) : name;
}

function badgesOf(view: RoomView, presence: Presence, seat: Seat, leader: Seat | null, paint: Paint): string[] {
  const sitting = view.seats[seat];
  if (!sitting) return [];
  const table = gameOf(view)?.table;
  const badges: string[] = [];
  if (view.status !== 'playing') {
    badges.push(`seat ${seat}`);
    if (view.host === seat) badges.push('host');
  } else {
    if (table?.hakem === seat) badges.push(paint.yellow('hakem'));
    if (leader === seat) badges.push('led');
    const count = table?.counts[seat] ?? 0;
    if (seat !== view.seat) badges.push(paint.dim(`${count} card${count === 1 ? '' : 's'}`));
  }
  if (sitting.bot) badges.push(paint.dim('bot'));
  else if (sitting.substituted) badges.push(paint.red('away, bot plays'));
  else if (sitting.waits) badges.push(paint.dim('from next hand'));
  else if (presence.seats[seat] === false) badges.push(paint.red('away'));
  return badges;
}

/** Badges on two lines beside a card. */
function stacked(badges: readonly string[]): string[] {
  const lines: string[] = [''];
  for (const badge of badges) {
    const last = lines.at(-1) ?? '';
    const joined = last === '' ? badge : `${last} · ${badge}`;
    if (width(joined) <= SIDE_COLUMNS - 2 || last === '') lines[lines.length - 1] = joined;
    else lines.push(badge);
  }
  return lines;
}
