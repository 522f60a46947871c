/** The Lua scripts that clients send, ready to run: compiled once, known by their hash. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../../src/runtime/package-root.js';
import { compile, type Reply, type Script } from './lua.js';

export interface RedisScript {
  /** As its file is called; of the one that runs the commits of many rooms that of the script of each. */
  readonly name: string;
  readonly run: Script;
  /** Each of the runs that it was gathered from, by itself. */
  readonly runs: (keys: readonly string[], args: readonly string[], reply: Reply) => readonly ScriptRun[];
}

/** What one script was given, keys first, and has answered. */
export interface ScriptRun {
  readonly args: readonly string[];
  readonly reply: Reply;
}

const folder = new URL('src/redis/lua/', packageRoot);
const names = new Map(
  readdirSync(folder).map((file) => [readFileSync(new URL(file, folder), 'utf8'), file.replace(/-(\d+|N)\.lua$/, '')]),
);
/** What the script that runs the commits of many rooms counts as. */
const GATHERED = 'commitRoom';
const compiled = new Map<string, RedisScript>();
const hashes = new Map<string, string>();

/** The hash of a script's text, by which it can be run from now on where Redis knows it. */
export function load(lua: string): string {
  let hash = hashes.get(lua);
  if (hash === undefined) {
    hash = createHash('sha1').update(lua).digest('hex');
    hashes.set(lua, hash);
    const name = names.get(lua);
    compiled.set(hash, { name: name ?? GATHERED, run: compile(lua), runs: name === undefined ? gathered : alone });
  }
  return hash;
}

/** Every script that has been loaded somewhere, by its hash. */
export const scriptOf = (hash: string): RedisScript | undefined => compiled.get(hash);

/** What the script is called, loaded or not: only the one that is no file is not known before. */
export const nameOfScript = (hash: string): string => compiled.get(hash)?.name ?? GATHERED;

const alone: RedisScript['runs'] = (keys, args, reply) => [{ args: [...keys, ...args], reply }];

/** The contract is that of `runCommits` in `src/redis/scripts.ts`. */
const gathered: RedisScript['runs'] = (keys, args, reply) => {
  const refused = new Map((reply as [number, ...Reply[]][]).map(([place, ...rest]) => [place, rest]));
  const runs: ScriptRun[] = [];
  let at = 0;
  for (let room = 0; room < keys.length / 2; room++) {
    const [entries = '0', ...words] = (args[at] ?? '').split(' ');
    const end = at + 1 + Number(entries);
    runs.push({
      args: [...keys.slice(2 * room, 2 * room + 2), ...words, ...args.slice(at + 1, end)],
      reply: refused.get(room) ?? ['ok'],
    });
    at = end;
  }
  return runs;
};

for (const lua of names.keys()) load(lua);
