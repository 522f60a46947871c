/** All instances but one lose Redis for 10 s. The one that has it is proof that Redis is well: the others give way. */
import { addressOf, cut } from '../network.js';
import type { Fault } from './fault.js';
import { instancesByRooms } from './victim.js';

const INSTANCES = 5;
const CUT_MS = 10_000;

export const isolatedMajority: Fault = {
  name: 'isolated-majority',
  redis: 'own',
  boundMs: 7_000,
  needs: 'namespace',
  instances: INSTANCES,
  async run({ cluster, load, random, redisPorts, strike, pause }) {
    const instances = await instancesByRooms(cluster, load);
    const healthy = instances[random.between(0, instances.length - 1)];
    const victims = instances.filter((instance) => instance !== healthy);
    let mend: () => void = () => undefined;
    const inject = () => {
      mend = cut(victims.map(({ pid }) => ({ from: addressOf(pid), ports: redisPorts })));
    };
    try {
      const progress = strike({ affected: victims.flatMap(({ rooms }) => rooms), cuts: true, inject });
      await pause(CUT_MS);
      await progress;
    } finally {
      mend();
    }
    return [];
  },
};
