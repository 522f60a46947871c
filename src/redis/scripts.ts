/** The Lua scripts by name: `NAME-KEYS.lua` in `lua/`, each with its contract in its header. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { packageRoot } from '../runtime/package-root.js';

type Script<Reply> = (...keysAndArguments: string[]) => Promise<Reply>;
type Row = [id: string, fields: string[]];

export type CommitReply = ['ok'] | ['gap', seq: string, digest: string] | RefusedReply;
export type RefusedReply = ['fenced', owner: string, epoch: string] | ['gone'];

/** What the scripts add to a connection: keys first, then arguments, as their headers say. */
export interface ScriptCommands {
  heartbeat: Script<[existed: number, now: number]>;
  createRoom: Script<number>;
  claimRoom: Script<['ok', meta: string[], snapshot: string | null, tail: Row[]] | RefusedReply>;
  commitRoom: Script<CommitReply>;
  snapshotRoom: Script<['ok'] | RefusedReply>;
  transferRoom: Script<['ok', epoch: number] | RefusedReply>;
  releaseRoom: Script<['ok'] | RefusedReply>;
  lockTake: Script<['taken', fencing: number] | ['held', holder: string, ms: number]>;
  lockRenew: Script<number>;
  lockRelease: Script<number>;
  fencedSet: Script<number>;
}

const folder = new URL('src/redis/lua/', packageRoot);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');

/** Sends a script by its hash, and whole when Redis does not know it (any more). */
function runner(lua: string) {
  const sha = createHash('sha1').update(lua).digest('hex');
  return (redis: Redis, keys: number, keysAndArguments: readonly string[]): Promise<unknown> =>
    redis.evalsha(sha, keys, ...keysAndArguments).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(lua, keys, ...keysAndArguments);
    });
}

/** By its name as a command. */
export const scripts: Readonly<Record<string, (this: Redis, ...keysAndArguments: string[]) => Promise<unknown>>> =
  Object.fromEntries(
    readdirSync(folder).map((file) => {
      const [name, keys] = file.replace(/\.lua$/, '').split('-');
      const run = runner(read(file));
      return [
        name,
        function (this: Redis, ...keysAndArguments: string[]) {
          return run(this, Number(keys), keysAndArguments);
        },
      ];
    }),
  );

/**
 * The script of a commit, for many rooms, each judged as if its commit were sent alone.
 * KEYS of all rooms   ARGV for each room: how many arguments, and those   Reply: for each room its own, or {'error', why}
 */
const runCommits = runner(`
local function commit(KEYS, ARGV)
${read('commitRoom-2.lua')}
end
local replies, at = {}, 1
for room = 1, #KEYS / 2 do
  local arguments, last = {}, at + ARGV[at]
  for each = at + 1, last do arguments[each - at] = ARGV[each] end
  at = last + 1
  local done, reply = pcall(commit, {KEYS[2 * room - 1], KEYS[2 * room]}, arguments)
  replies[room] = done and reply or {'error', type(reply) == 'table' and reply.err or tostring(reply)}
end
return replies`);

/** Sends the commits of many rooms as one. @param commits what `commitRoom` takes, for each room */
export function commitRooms(
  redis: Redis,
  commits: readonly (readonly string[])[],
): Promise<(CommitReply | ['error', why: string])[]> {
  const keys: string[] = [];
  const given: string[] = [];
  for (const [meta = '', log = '', ...rest] of commits) {
    keys.push(meta, log);
    given.push(String(rest.length), ...rest);
  }
  return runCommits(redis, keys.length, [...keys, ...given]) as ReturnType<typeof commitRooms>;
}
