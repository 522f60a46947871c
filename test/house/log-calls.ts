/** Finds the calls of loggers in sources: level, event and names of the fields. */
import type { Source } from './sources.js';

export interface LogCall {
  readonly path: string;
  readonly level: string;
  /** Undefined where the text is not a literal. */
  readonly event: string | undefined;
  /** `…` for what is spread into them. */
  readonly fields: readonly string[];
}

/** `this`: the logger's own hook. A call without arguments is a method of something else. */
const CALL = /\b(?:log|logger|this)\s*\.\s*(trace|debug|info|warn|error|fatal)\((?!\))/g;

export function logCalls({ path, code }: Source): LogCall[] {
  return [...code.matchAll(CALL)].map((match) => {
    const args = listAt(code, match.index + match[0].length);
    const [first = '', second] = args;
    const text = second ?? first;
    return {
      path,
      level: match[1] ?? '',
      event: /^'([^']*)'$/.exec(text)?.[1],
      fields: second === undefined ? [] : fieldsOf(first),
    };
  });
}

function fieldsOf(object: string): string[] {
  // `error` alone: pino writes it as `err`.
  if (!object.startsWith('{')) return ['err'];
  return listAt(object, 1).map((field) => (field.startsWith('...') ? '…' : (/^\w+/.exec(field)?.[0] ?? field)));
}

/** The parts between commas from `start` to the bracket that closes what was opened before it. */
function listAt(code: string, start: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = start;
  for (let index = start; index < code.length; index++) {
    const sign = code[index] ?? '';
    if ('\'"`'.includes(sign)) index = endOfText(code, index);
    else if ('([{'.includes(sign)) depth++;
    else if (')]}'.includes(sign) && depth-- === 0)
      return [...parts, code.slice(from, index)].map(trimmed).filter(Boolean);
    else if (sign === ',' && depth === 0) {
      parts.push(code.slice(from, index));
      from = index + 1;
    }
  }
  throw new Error(`An open bracket at ${start} is never closed.`);
}

const trimmed = (part: string) => part.trim();

/** Index of the quote that ends the text which begins at `start`. Templates within templates are not needed here. */
function endOfText(code: string, start: number): number {
  const quote = code[start];
  for (let index = start + 1; index < code.length; index++) {
    if (code[index] === '\\') index++;
    else if (code[index] === quote) return index;
  }
  throw new Error(`A text at ${start} never ends.`);
}
