/** The Lua scripts by name: `NAME-KEYS.lua` in `lua/`, each with its contract in its header. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../runtime/package-root.js';

/** What the scripts add to a connection: keys first, then arguments, as their headers say. */
export interface ScriptCommands {
  heartbeat(...keysAndArguments: string[]): Promise<[existed: number, now: number]>;
}

const folder = new URL('src/redis/lua/', packageRoot);

export const scripts: Record<string, { lua: string; numberOfKeys: number }> = Object.fromEntries(
  readdirSync(folder).map((file) => {
    const [name, keys] = file.replace(/\.lua$/, '').split('-');
    return [name, { lua: readFileSync(new URL(file, folder), 'utf8'), numberOfKeys: Number(keys) }];
  }),
);
