/** The cluster that `npm start` runs on this machine, as it tells of itself in its data folder. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DATA_FOLDER } from '../../src/runtime/package-root.js';
import { ToolFailed } from './tool.js';

const factsSchema = z.object({
  player_url: z.string(),
  redis_url: z.string(),
  redis_prefix: z.string(),
  haproxy_socket: z.string(),
  control_socket: z.string(),
  ops_token: z.string(),
  policy: z.string().nullable(),
  haproxies: z.array(
    z.object({
      name: z.string(),
      player_url: z.string(),
      socket: z.string(),
      pids: z.object({ haproxy: z.number().nullable() }),
    }),
  ),
});

/** Part of DATA/cluster.json; the names are the supervisor's. */
export type LocalClusterFacts = z.output<typeof factsSchema>;

/** @throws ToolFailed when no cluster runs with this data folder. */
export function localCluster(data: string = DATA_FOLDER): LocalClusterFacts {
  const file = join(resolve(data), 'cluster.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new ToolFailed(`${file} cannot be read (${message}).`);
    throw new ToolFailed(`No cluster runs with the data folder ${resolve(data)}. Start one, or name it with --data.`);
  }
  try {
    return factsSchema.parse(JSON.parse(text));
  } catch {
    throw new ToolFailed(`${file} is of another version of this software. Restart that cluster.`);
  }
}
