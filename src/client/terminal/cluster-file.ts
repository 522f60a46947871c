/** The note that a running local cluster leaves in its data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { answers, parseServer, type Server } from './server.js';
import { UsageError } from './usage-error.js';

const noteSchema = z.object({ player_url: z.string() });

/** The local cluster of the data folder. @throws UsageError when none runs. */
export async function localCluster(data: string): Promise<Server> {
  const server = readNote(join(data, 'cluster.json'));
  // The note of a cluster that was killed stays behind.
  if (server && (await answers(server))) return server;
  throw new UsageError('No local cluster is running: start one with npm start, or name one with --url.');
}

function readNote(file: string): Server | undefined {
  try {
    return parseServer(noteSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).player_url);
  } catch {
    return undefined;
  }
}
