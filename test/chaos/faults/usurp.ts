/**
 * Rooms of a live instance are given to another behind its back, as after a wrong verdict that it is gone. It keeps its
 * sockets and its moves come at the very position where it stopped: only the epoch tells it that it has lost.
 */

import { RoomIndex } from '../../../src/cluster/room-index.js';
import type { InstanceId } from '../../../src/protocol/ids.js';
import { KEYS } from '../../support/keys.js';
import { until } from '../../support/programs.js';
import type { Fault } from './fault.js';
import { instancesByRooms } from './victim.js';

/** A move of every room has been stored by then, ms. */
const WRITTEN_MS = 10_000;

export const usurp: Fault = {
  name: 'usurp',
  redis: 'own',
  boundMs: 1_000,
  async run({ cluster, load, strike, complain }) {
    const { store, redis } = cluster;
    const [robbed, heir] = await instancesByRooms(cluster, load);
    if (!robbed || !heir) throw new Error('it takes two instances');
    const to = heir.id as InstanceId;
    const address = `127.0.0.1:${cluster.facts().instances.find(({ id }) => id === to)?.port}`;
    const before = await cluster.metas(robbed.rooms);
    const index = new RoomIndex(redis);
    await Promise.all(robbed.rooms.map((room) => index.add(to, room)));
    const inject = () => {
      for (const [room, { epoch }] of before) {
        void store.claim(room, { owner: robbed.id as InstanceId, epoch }, to, address);
      }
    };
    await strike({ affected: robbed.rooms, cuts: false, inject });
    const usurped = async () => {
      for (const [room, { epoch }] of before) {
        const [last] = await redis.xrevrange(KEYS.roomLog(room), '+', '-', 'COUNT', 1);
        if ((JSON.parse(last?.[1][1] ?? '{"epoch":0}') as { epoch: number }).epoch <= epoch) return false;
      }
      return true;
    };
    await until('the robbed instance writes no more', usurped, WRITTEN_MS).catch(() => {
      complain('the robbed instance goes on writing under its old epoch');
    });
    return [];
  },
};
