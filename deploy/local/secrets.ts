/** Passwords of one local cluster, made at its first start: none has a value that is known beforehand. */
import { z } from 'zod';
import { randomToken } from '../../src/runtime/random.js';
import { type DataFolder, parseJson, readText, writePrivate } from './data-folder.js';

const secret = z.string().min(16);
const secretsSchema = z.object({
  statsUser: z.string().min(1),
  statsPassword: secret,
  /** Of Redis' user `default`, who may do everything. */
  redisPassword: secret,
  /** Of the user that the cluster's own processes are. */
  redisUserPassword: secret,
  clusterSecret: secret,
  opsToken: secret,
});

export type Secrets = Readonly<z.output<typeof secretsSchema>>;

/** 144 bits. */
const BYTES = 18;

/** The folder's secrets; fresh ones when it has none, or none that make sense. */
export function keptSecrets(folder: DataFolder): Secrets {
  const kept = parseJson(secretsSchema, readText(folder.secretsFile) ?? '');
  if (kept) return kept;
  const fresh: Secrets = {
    statsUser: 'hokm',
    statsPassword: randomToken(BYTES),
    redisPassword: randomToken(BYTES),
    redisUserPassword: randomToken(BYTES),
    clusterSecret: randomToken(BYTES),
    opsToken: randomToken(BYTES),
  };
  writePrivate(folder.secretsFile, `${JSON.stringify(fresh, null, 2)}\n`);
  return fresh;
}
