/** `npm run play`: a player in the terminal. Run by deploy/local/bootstrap.mjs. */
import { parseArguments } from './arguments.js';
import { localCluster } from './cluster-file.js';
import { play } from './play.js';
import { createRoom } from './server.js';
import { UsageError } from './usage-error.js';

try {
  const args = await parseArguments(process.argv.slice(2));
  const server = args.server ?? (await localCluster(args.data));
  const room = args.room ?? (await createRoom(server, args.newRoom));
  await play(args, server, room);
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
