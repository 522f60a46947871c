/**
 * The Lua scripts by name: `NAME-KEYS.lua` in `lua/`, each with its contract in its header. Of those with as many KEYS as they
 * are given (`NAME-N.lua`) the number comes first.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../runtime/package-root.js';

type Script<Reply> = (...keysAndArguments: string[]) => Promise<Reply>;
type Row = [id: string, fields: string[]];

export type CommitReply = ['ok'] | GapReply | RefusedReply;
export type GapReply = ['gap', seq: string, digest: string];
export type RefusedReply = ['fenced', owner: string, epoch: string, seq: string, digest: string] | ['gone'];

/** What the scripts add to a connection: keys first, then arguments, as their headers say. */
export interface ScriptCommands {
  heartbeat: Script<[existed: number, now: number, mark: string]>;
  createRoom: Script<number>;
  claimRoom: Script<['ok', meta: string[], snapshot: string | null, tail: Row[]] | GapReply | RefusedReply>;
  commitRoom: Script<CommitReply>;
  snapshotRoom: Script<['ok'] | RefusedReply>;
  transferRoom: Script<['ok', epoch: number] | GapReply | RefusedReply>;
  releaseRoom: Script<CommitReply>;
  setAsideRoom: Script<['ok'] | RefusedReply>;
  retryRoom: Script<number>;
  confirmRoom: Script<['ok', owner: string, epoch: string, seq: string, digest: string] | ['gone']>;
  restoreRoom: Script<['ok'] | RefusedReply>;
  noteSeats: Script<null>;
  takeTable: Script<number>;
  lockTake: Script<['taken', fencing: number] | ['held', holder: string, ms: number]>;
  lockRenew: Script<number>;
  lockRelease: Script<number>;
  fencedSet: Script<number>;
}

/** What runs scripts, by their hash or whole. */
export interface ScriptRunner {
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(lua: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

const folder = new URL('src/redis/lua/', packageRoot);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');

/** Sends a script by its hash, and whole when Redis does not know it (any more). */
function runner(lua: string) {
  const sha = createHash('sha1').update(lua).digest('hex');
  return (redis: ScriptRunner, keys: number, keysAndArguments: readonly string[]): Promise<unknown> =>
    redis.evalsha(sha, keys, ...keysAndArguments).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(lua, keys, ...keysAndArguments);
    });
}

/** By its name as a command. */
export const scripts: Readonly<
  Record<string, (this: ScriptRunner, ...keysAndArguments: string[]) => Promise<unknown>>
> = Object.fromEntries(
  readdirSync(folder).map((file) => {
    const [name, keys] = file.replace(/\.lua$/, '').split('-');
    const run = runner(read(file));
    return [
      name,
      function (this: ScriptRunner, ...keysAndArguments: string[]) {
        if (keys !== 'N') return run(this, Number(keys), keysAndArguments);
        return run(this, Number(keysAndArguments[0]), keysAndArguments.slice(1));
      },
    ];
  }),
);

/**
 * The script of a commit, for many rooms, each judged as if its commit were sent alone.
 * KEYS of all rooms   ARGV for each room: how many entries, then its owner, epoch, seq and digests, as one argument of
 * words; its entries   Reply: {place, its own reply or 'error' and why} of each room whose reply was not {'ok'}
 */
const runCommits = runner(`
local function commit(KEYS, ARGV)
${read('commitRoom-2.lua')}
end
local refused, at = {}, 1
for room = 1, #KEYS / 2 do
  local arguments = {}
  for word in string.gmatch(ARGV[at], '%S+') do arguments[#arguments + 1] = word end
  local entries = table.remove(arguments, 1)
  for each = at + 1, at + entries do arguments[#arguments + 1] = ARGV[each] end
  at = at + entries + 1
  local done, reply = pcall(commit, {KEYS[2 * room - 1], KEYS[2 * room]}, arguments)
  if not done then reply = {'error', type(reply) == 'table' and reply.err or tostring(reply)} end
  if reply[1] ~= 'ok' then refused[#refused + 1] = {room - 1, unpack(reply)} end
end
return refused`);

/** Of what `commitRoom` takes: the keys come before, the entries from. */
const FIRST_WORD = 2;
const FIRST_ENTRY = 7;
const COMMITTED: CommitReply = ['ok'];

/** Sends the commits of many rooms as one. @param commits what `commitRoom` takes, for each room */
export async function commitRooms(
  redis: ScriptRunner,
  commits: readonly (readonly string[])[],
): Promise<readonly (CommitReply | ['error', why: string])[]> {
  const given: string[] = [];
  for (const commit of commits) given.push(...commit.slice(0, FIRST_WORD));
  for (const commit of commits) {
    const entries = commit.slice(FIRST_ENTRY);
    given.push([entries.length, ...commit.slice(FIRST_WORD, FIRST_ENTRY)].join(' '), ...entries);
  }
  const replies: (CommitReply | ['error', why: string])[] = commits.map(() => COMMITTED);
  const refused = (await runCommits(redis, FIRST_WORD * commits.length, given)) as [number, ...CommitReply][];
  for (const [place, ...reply] of refused) replies[place] = reply;
  return replies;
}
