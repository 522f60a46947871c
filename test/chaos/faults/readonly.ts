/**
 * The primary is demoted, by hand or by whoever manages it, and no connection is closed: it answers READONLY from then on,
 * and the address leads to the new primary only those that come anew.
 */
import type { Fault } from './fault.js';

export const readonly: Fault = {
  name: 'readonly',
  redis: 'handover',
  boundMs: 6_000,
  async run({ handover, load, strike, complain }) {
    if (!handover) throw new Error('there are no two nodes behind one address');
    const inject = () => {
      handover.handOver().catch((error: Error) => complain(error.message));
    };
    await strike({ affected: load.rooms.keys(), cuts: false, inject });
    await handover.copied();
    return [];
  },
};
