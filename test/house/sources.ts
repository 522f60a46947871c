/** The repository's sources as the tests of its rules read them: text, code without comments, imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root.js';

export interface Source {
  /** From the root of the repository, as `src/main.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** A package, `node:` module, or a path from the root of the repository. */
  readonly from: string;
  readonly typeOnly: boolean;
}

export const FOLDERS = ['src', 'haproxy', 'autoscaler', 'deploy', 'test'];
/** What the root of the repository holds. */
export const entries = readdirSync(packageRoot, { withFileTypes: true });

/** Every file of the repository's folders, from its root. */
export const paths = FOLDERS.filter((folder) => entries.some(({ name }) => name === folder)).flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, packageRoot), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.[a-z]+$/.test(path) && !path.includes('/node_modules/')),
);

export const sources: readonly Source[] = paths.filter((path) => /\.(tsx?|mjs)$/.test(path)).map(read);

function read(path: string): Source {
  const text = readFileSync(new URL(path, packageRoot), 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
  const found = code.matchAll(/\b(import|export)\b(\s+type\b)?([^'";]*?\bfrom\s*|\s*\(?\s*)'([^']+)'/g);
  const imports = [...found].map(([, , type, names = '', from = '']): Import => {
    const listed =
      /\{([\s\S]*)\}/
        .exec(names)?.[1]
        ?.split(',')
        .filter((name) => name.trim() !== '') ?? [];
    const typesAlone = listed.length > 0 && listed.every((name) => /^\s*type\s/.test(name));
    return {
      from: from.startsWith('.') ? sourceOf(posix.join(posix.dirname(path), from)) : from,
      typeOnly: type !== undefined || typesAlone,
    };
  });
  return { path, text, code, imports };
}

/** The source that is compiled to `path`. */
function sourceOf(path: string): string {
  const component = path.replace(/\.js$/, '.tsx');
  return paths.includes(component) ? component : path.replace(/\.js$/, '.ts');
}

/** Whether a path is one of `places`, or lies in one that ends with `/`. */
export const under =
  (...places: readonly string[]) =>
  (path: string) =>
    places.some((place) => path === place || (place.endsWith('/') && path.startsWith(place)));

/** `file → import` for every import of files at `at` that `allowed` does not let pass. */
export function strangers(at: readonly string[], allowed: (wanted: Import, by: Source) => boolean): string[] {
  return sources
    .filter(({ path }) => under(...at)(path))
    .flatMap((source) =>
      source.imports.filter((wanted) => !allowed(wanted, source)).map(({ from }) => `${source.path} → ${from}`),
    );
}

/** Files outside `allowed` whose code has the name. */
export const having = (name: RegExp, within: readonly string[], allowed: readonly string[] = []): string[] =>
  sources
    .filter(({ path, code }) => under(...within)(path) && !under(...allowed)(path) && name.test(code))
    .map(({ path }) => path);

/** The product, without its tests. */
export const CODE = ['src/', 'haproxy/', 'autoscaler/', 'deploy/'];
