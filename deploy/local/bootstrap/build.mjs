/**
 * Runs the compiler, and the bundler for the web page, when a source changed since the last good build; deletes what was
 * built from deleted sources.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { buildPage, isPageSource, PAGE, pageIsBuilt } from './page.mjs';
import { Refusal, say } from './say.mjs';

/** Sizes and times of all sources at the last good build. */
const STAMP = 'dist/.sources.json';
/** A change of these may change the output of unchanged sources. */
const SETTINGS = ['tsconfig.json', 'package-lock.json', 'deploy/local/bootstrap/page.mjs'];

export async function build(root) {
  if (upToDate(root)) return;
  await withLock(join(root, 'dist/.build.lock'), async () => {
    if (upToDate(root)) return;
    say('Building …');
    // Taken before the compiler reads: a source that changes meanwhile is built again next time.
    const sources = scan(root);
    rmSync(join(root, STAMP), { force: true });
    const missing = removeStale(root, sources);
    // An incremental build does not write an output again only because it is gone.
    if (missing)
      for (const name of ['.tsbuildinfo', '.web.tsbuildinfo']) rmSync(join(root, 'dist', name), { force: true });
    compile(root, '.');
    if (existsSync(join(root, PAGE))) {
      // The page has browsers' types and no others, hence a project of its own.
      compile(root, PAGE);
      await buildPage(root);
    }
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(join(root, STAMP), JSON.stringify(sources));
  });
}

function compile(root, project) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = ['--project', project, '--pretty', String(process.stderr.isTTY === true)];
  // The compiler's findings come on its stdout, which is not for them here: 2 is this process's stderr.
  const done = spawnSync(process.execPath, [compiler, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) throw new Refusal('The build failed; see above.');
}

/** True when the sources are those of the last good build and every output is there. */
export function upToDate(root) {
  let built;
  try {
    built = readFileSync(join(root, STAMP), 'utf8');
  } catch {
    return false;
  }
  const sources = scan(root);
  const made = outputs(sources).every((file) => existsSync(join(root, file)));
  return built === JSON.stringify(sources) && made && pageIsBuilt(root);
}

/** Path → size and modification time of every source and setting, in a fixed order. */
export function scan(root) {
  const found = {};
  const note = (file) => {
    const stats = statSync(join(root, file), { throwIfNoEntry: false });
    if (stats) found[file] = `${stats.size} ${stats.mtimeMs}`;
  };
  SETTINGS.forEach(note);
  for (const folder of folders(root)) {
    for (const file of walk(root, folder)) if (/\.tsx?$/.test(file) || isPageSource(file)) note(file);
  }
  return found;
}

/** Deletes outputs whose source is gone, so that deleted tests do not run on. True when an output is missing. */
export function removeStale(root, sources) {
  const expected = new Set(outputs(sources));
  for (const folder of folders(root)) {
    for (const file of walk(root, `dist/${folder}`)) {
      if (/\.js(\.map)?$/.test(file) && !expected.has(file.replace(/\.map$/, ''))) rmSync(join(root, file));
    }
  }
  return [...expected].some((file) => !existsSync(join(root, file)));
}

const outputs = (sources) =>
  Object.keys(sources)
    .filter((file) => /(?<!\.d)\.tsx?$/.test(file))
    .map((file) => `dist/${file.replace(/\.tsx?$/, '.js')}`);

const folders = (root) => JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).include;

/** Paths of all files below `folder`, relative to the root, sorted; without installed packages. */
function walk(root, folder) {
  if (folder.endsWith('/node_modules') || !existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? walk(root, `${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
}
