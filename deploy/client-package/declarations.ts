/** The declarations (`.d.ts`) that the client package exports: which files they reach, and what each name is. PURE. */
import { posix } from 'node:path';

/** Path → text of declaration files; paths are relative, with `/`. */
export type Declarations = ReadonlyMap<string, string>;

export interface Declared {
  readonly name: string;
  /** The doc comment as Markdown; empty without one. */
  readonly docs: string;
  /** The declaration without its doc comment and without private members. */
  readonly code: string;
}

/** The file that `specifier` means in the file at `path`; undefined for a package. */
function target(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.d.ts');
}

function textOf(files: Declarations, path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`There is no declaration file ${path}.`);
  return text;
}

const SPECIFIER = /^(?:import|export)\b[^'"]*?\bfrom '([^']+)';$|^import '([^']+)';$/gm;

/** All files that the entries import, directly or not, the entries included; and every package that they name. */
export function reachableFiles(files: Declarations, entries: readonly string[]) {
  const found = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const [, from, alone] of textOf(files, path).matchAll(SPECIFIER)) {
      const specifier = from ?? alone ?? '';
      const next = target(path, specifier);
      if (next === undefined) packages.add(specifier);
      else visit(next);
    }
  };
  for (const entry of entries) visit(entry);
  return { paths: [...found].toSorted(), packages: [...packages].toSorted() };
}

// A declaration goes on as long as its lines are indented or begin with a brace.
const DECLARATION =
  /^(?:(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n)?export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|type) (\w+)[^\n]*(?:\n[ }][^\n]*)*/gm;
const PRIVATE_MEMBER = /^ {4}(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n {4})?(?:static )?private [^\n]*;\n/gm;

/** Every declaration that `text` exports by its own, in its order. */
export function declaredIn(text: string): Declared[] {
  return [...text.matchAll(DECLARATION)].map(([whole, comment = '', name = '']) => ({
    name,
    docs: comment
      .replace(/^\/\*\*\s?|\s*\*\/$/g, '')
      .replace(/^\s*\* ?/gm, '')
      .trim(),
    code: whole
      .slice(comment.length)
      .trim()
      .replace(PRIVATE_MEMBER, '')
      .replace(/^export (declare )?/, ''),
  }));
}

const REEXPORT = /^export (?:type )?\{([^}]*)\} from '([^']+)';$/gm;
const EXPORT_ALL = /^export \* from '([^']+)';$/gm;

/** Everything that a consumer can import from the file at `path`: by name, in the order in which it is exported. */
export function exportsOf(files: Declarations, path: string): Declared[] {
  const text = textOf(files, path);
  const from = (specifier: string) => exportsOf(files, target(path, specifier) ?? specifier);
  const listed = [...text.matchAll(REEXPORT)].flatMap(([, names = '', specifier = '']) => {
    const there = from(specifier);
    return names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => {
        const found = there.find((declared) => declared.name === name);
        if (!found) throw new Error(`${path} exports ${name}, which ${specifier} does not declare.`);
        return found;
      });
  });
  const all = [...text.matchAll(EXPORT_ALL)].flatMap(([, specifier = '']) => from(specifier));
  const own = declaredIn(text);
  return [...new Map([...own, ...listed, ...all].map((declared) => [declared.name, declared])).values()];
}

/** Types that the exported declarations name although no consumer can import them, as `Table: Hidden`. */
export function unexported(files: Declarations, exported: readonly Declared[]): string[] {
  const names = new Set(exported.map(({ name }) => name));
  const declared = [...files.values()].flatMap(declaredIn).map(({ name }) => name);
  const hidden = new Set(declared.filter((name) => !names.has(name) && /^[A-Z]/.test(name)));
  return exported.flatMap(({ name, code }) => {
    const used = new Set(code.replace(/\/\*[\s\S]*?\*\/|'[^']*'/g, '').match(/\b[A-Z]\w*\b/g));
    return [...used].filter((word) => hidden.has(word)).map((word) => `${name}: ${word}`);
  });
}
