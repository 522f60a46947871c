/** The Lua scripts by name: `NAME-KEYS.lua` in `lua/`, each with its contract in its header. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
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

/** By its name as a command: sends the script by its hash, and whole when Redis does not know it (any more). */
export const scripts: Readonly<Record<string, (this: Redis, ...keysAndArguments: string[]) => Promise<unknown>>> =
  Object.fromEntries(
    readdirSync(folder).map((file) => {
      const [name, keys] = file.replace(/\.lua$/, '').split('-');
      const lua = readFileSync(new URL(file, folder), 'utf8');
      const sha = createHash('sha1').update(lua).digest('hex');
      return [
        name,
        function (this: Redis, ...keysAndArguments: string[]) {
          return this.evalsha(sha, Number(keys), ...keysAndArguments).catch((error: Error) => {
            if (!error.message.startsWith('NOSCRIPT')) throw error;
            return this.eval(lua, Number(keys), ...keysAndArguments);
          });
        },
      ];
    }),
  );
