/** The note that a running local cluster leaves in its data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseServer, type Server, TRUST, unreachable } from './server.js';
import { UsageError } from './usage-error.js';

const noteSchema = z.object({ player_url: z.string(), certificate: z.string().nullish() });

/** The local cluster of the data folder. @throws UsageError when none runs. */
export async function localCluster(data: string): Promise<Server> {
  const note = readNote(join(data, 'cluster.json'));
  const why = note && (await unreachable(note.server));
  if (note && why === undefined) return note.server;
  if (note && why === TRUST) throw new UsageError(`${note.server.http} ${why}=${note.certificate}.`);
  // The note of a cluster that was killed stays behind.
  throw new UsageError('No local cluster is running: start one with npm start, or name one with --url.');
}

function readNote(file: string): { server: Server; certificate: string } | undefined {
  try {
    const { player_url, certificate } = noteSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return { server: parseServer(player_url), certificate: certificate ?? 'FILE' };
  } catch {
    return undefined;
  }
}
