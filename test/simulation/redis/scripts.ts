/** The Lua scripts of `src/redis/lua`, ready to run. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../../src/runtime/package-root.js';
import { compile, type Script } from './lua.js';

export interface RedisScript {
  readonly run: Script;
  /** How many of its arguments are keys. */
  readonly keys: number;
}

/** By name, as `commitRoom`. */
export type RedisScripts = ReadonlyMap<string, RedisScript>;

const folder = new URL('src/redis/lua/', packageRoot);

export function readScripts(): RedisScripts {
  return new Map(
    readdirSync(folder).map((file) => {
      const [name = '', keys] = file.replace(/\.lua$/, '').split('-');
      return [name, { run: compile(readFileSync(new URL(file, folder), 'utf8')), keys: Number(keys) }];
    }),
  );
}
