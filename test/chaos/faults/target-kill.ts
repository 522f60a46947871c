/**
 * The instance with most rooms is told to stop and gives them away; the first that it offers or hands one to is killed at
 * that moment.
 */

import { parseClusterMessage } from '../../../src/protocol/cluster.js';
import { KEYS } from '../../support/keys.js';
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest, instancesByRooms } from './victim.js';

/** The moments of a move: the offer, and the handing over. */
const MOMENTS = ['game_migration_request', 'game_migration_data'] as const;
const CHANNEL = KEYS.channels.instance('');
const DRAINED_MS = 10_000;

export const targetKill: Fault = {
  name: 'target-kill',
  redis: 'own',
  boundMs: 2_000,
  async run({ cluster, load, random, strike, pause, complain }) {
    const source = await busiest(cluster, load);
    const targets = await instancesByRooms(cluster, load);
    const moment = MOMENTS[random.between(0, 1)];
    const strikes: Promise<void>[] = [];
    const gone = [source.pid];
    const ear = cluster.redis.duplicate();
    ear.on('error', () => undefined);
    try {
      await ear.connect();
      await ear.psubscribe(`${CHANNEL}*`);
      ear.on('pmessage', (_pattern: string, channel: string, text: string) => {
        const message = parseClusterMessage(text);
        const target = targets.find(({ id }) => id === channel.slice(CHANNEL.length));
        if (message?.type !== moment || gone.length > 1 || !target || target === source) return;
        gone.push(target.pid);
        const kill = () => signal(target.pid, 'SIGKILL');
        strikes.push(strike({ affected: target.rooms, cuts: true, inject: kill }));
        strikes.push(strike({ affected: source.rooms, cuts: false, inject: () => undefined }));
      });
      const stop = () => signal(source.pid, 'SIGTERM');
      await strike({ affected: source.rooms, cuts: false, inject: stop });
      for (let waited = 0; gone.length < 2 && waited < DRAINED_MS; waited += 100) await pause(100);
      await Promise.all(strikes);
    } finally {
      ear.disconnect();
    }
    if (gone.length < 2) complain('no room was moved to anybody');
    return gone;
  },
};
