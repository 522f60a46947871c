/** Text measured and cut in terminal columns. Styles (ANSI sequences) take no room and are never cut in two. */

/** Begins every ANSI sequence. */
const ESCAPE = '\u001b';
const STYLE = new RegExp(String.raw`${ESCAPE}\[[0-9;]*m`);
const PIECES = new RegExp(`${STYLE.source}|.`, 'gsu');
const NO_COLUMN = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian wide letters and emoji. */
const TWO_COLUMNS =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

function columnsOf(piece: string): number {
  if (STYLE.test(piece) || NO_COLUMN.test(piece)) return 0;
  return TWO_COLUMNS.test(piece) ? 2 : 1;
}

const pieces = (text: string): readonly string[] => text.match(PIECES) ?? [];

/** Columns that `text` takes. */
export function width(text: string): number {
  return pieces(text).reduce((sum, piece) => sum + columnsOf(piece), 0);
}

/** At most `columns` of `text`, with … in the place of what is cut. */
export function clip(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let used = 0;
  let clipped = '';
  let full = false;
  for (const piece of pieces(text)) {
    const more = columnsOf(piece);
    // What follows the cut is only styles, which have to be ended.
    if (full && (more > 0 || !STYLE.test(piece))) continue;
    if (used + more > columns - 1) {
      clipped += columns > 0 ? '…' : '';
      full = true;
      continue;
    }
    used += more;
    clipped += piece;
  }
  return clipped;
}

/** Exactly `columns` columns. */
export function left(text: string, columns: number): string {
  const clipped = clip(text, columns);
  return clipped + ' '.repeat(columns - width(clipped));
}

/** Exactly `columns` columns. */
export function right(text: string, columns: number): string {
  const clipped = clip(text, columns);
  return ' '.repeat(columns - width(clipped)) + clipped;
}

/** Exactly `columns` columns. */
export function centre(text: string, columns: number): string {
  const clipped = clip(text, columns);
  const before = Math.floor((columns - width(clipped)) / 2);
  return left(' '.repeat(before) + clipped, columns);
}

/** Lines of at most `columns`, cut between words where it can be done. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (line !== '' && width(line + word.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line];
}
