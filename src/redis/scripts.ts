/** The Lua scripts by name: `NAME-KEYS.lua` in `lua/`, each with its contract in its header. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../runtime/package-root.js';

type Script<Reply> = (...keysAndArguments: string[]) => Promise<Reply>;
type Row = [id: string, fields: string[]];

export type RefusedReply = ['fenced', owner: string, epoch: string] | ['gone'];

/** What the scripts add to a connection: keys first, then arguments, as their headers say. */
export interface ScriptCommands {
  heartbeat: Script<[existed: number, now: number]>;
  createRoom: Script<number>;
  claimRoom: Script<['ok', meta: string[], snapshot: string | null, tail: Row[]] | RefusedReply>;
  commitRoom: Script<['ok'] | ['gap', seq: string, digest: string] | RefusedReply>;
  snapshotRoom: Script<['ok'] | RefusedReply>;
  transferRoom: Script<['ok', epoch: number] | RefusedReply>;
  releaseRoom: Script<['ok'] | RefusedReply>;
  lockTake: Script<['taken', fencing: number] | ['held', holder: string, ms: number]>;
  lockRenew: Script<number>;
  lockRelease: Script<number>;
  fencedSet: Script<number>;
}

const folder = new URL('src/redis/lua/', packageRoot);

export const scripts: Record<string, { lua: string; numberOfKeys: number }> = Object.fromEntries(
  readdirSync(folder).map((file) => {
    const [name, keys] = file.replace(/\.lua$/, '').split('-');
    return [name, { lua: readFileSync(new URL(file, folder), 'utf8'), numberOfKeys: Number(keys) }];
  }),
);
