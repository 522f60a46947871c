import { Registry } from '../../../src/cluster/registry.js';
import type { Arena } from './fault.js';

const LEASE_MS = 5_000;

/** Sockets of players and spectators, as instances tell in their heartbeats. */
export async function connections({ cluster }: Arena): Promise<number> {
  const { instances } = await new Registry(cluster.redis, LEASE_MS).list();
  return instances.reduce((sum, { connected_players }) => sum + connected_players, 0);
}
