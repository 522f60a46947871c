/** A policy from a file, YAML or JSON, with the line of every mistake. */
import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { Told } from '../told.js';
import { type Policy, policySchema } from './schema.js';

/** Each as `file:line: field: what is wrong`. */
export interface Mistakes {
  readonly mistakes: readonly string[];
}

/**
 * @param settings `path=value`, as `instance.players=80`: put in the place of what the file says
 * @throws Told with the first mistake
 */
export function loadPolicy(file: string | undefined, settings: readonly string[] = []): Policy {
  const parsed = file === undefined ? parsePolicy('version: 1', 'defaults', settings) : readPolicy(file, settings);
  if (!('mistakes' in parsed)) return parsed;
  const [first = '', ...more] = parsed.mistakes;
  throw new Told(more.length === 0 ? first : `${first} (and ${more.length} more: policy validate)`);
}

/** @throws Told when the file cannot be read */
export function readPolicy(file: string, settings: readonly string[] = []): Policy | Mistakes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Told(code === 'ENOENT' ? `${file}: there is no such file` : `${file}: ${message}`);
  }
  return parsePolicy(text, file, settings);
}

export function parsePolicy(text: string, name: string, settings: readonly string[] = []): Policy | Mistakes {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${name}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0) {
    return { mistakes: document.errors.map((error) => `${at(error.pos[0])}: ${error.message.split('\n')[0]}`) };
  }
  for (const setting of settings) set(document, setting);
  const parsed = policySchema.safeParse(document.toJS());
  if (parsed.success) return Object.freeze(parsed.data);
  const mistakes = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    // A field that is not known is named at its own line, one that is missing at that of what it is missing from.
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    if (unknown.length > 0) {
      return unknown.map(
        (key) => `${at(offsetOf(document, [...path, key]))}: ${[...path, key].join('.')}: is not known`,
      );
    }
    return [`${at(offsetOf(document, path))}: ${path.join('.') || 'policy'}: ${issue.message}`];
  });
  return { mistakes };
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** @throws Told */
function set(document: Document, setting: string): void {
  const [, path, value] = /^([a-z_]+(?:\.[a-z_0-9]+)*)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || value === undefined) {
    throw new Told(`--set ${setting}: expected path=value, as instance.players=80`);
  }
  document.setIn(path.split('.'), parseDocument(value).toJS());
}
