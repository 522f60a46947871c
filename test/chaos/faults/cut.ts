/** Wires of the instance with most rooms are cut, or lose packets, and are mended after 10 s. */
import { addressOf, cut, LOOPBACK, type Wire } from '../network.js';
import type { Arena, Fault } from './fault.js';
import { instancesByRooms, type Victim } from './victim.js';

const CUT_MS = 10_000;
const LOST_PERCENT = 5;

type Ends = { readonly arena: Arena; readonly victim: Victim; readonly peer: Victim };

const toRedis = ({ arena, victim }: Ends): Wire => ({ from: addressOf(victim.pid), ports: arena.redisPorts });
/** HAProxy, and whoever else is no instance, dials from the loopback address itself. */
const fromHaproxy = ({ victim }: Ends): Wire => ({ from: LOOPBACK, ports: [victim.port] });
const toPeer = ({ victim, peer }: Ends): Wire => ({ from: addressOf(victim.pid), ports: [peer.port] });
const fromPeer = ({ victim, peer }: Ends): Wire => ({ from: addressOf(peer.pid), ports: [victim.port] });

function wires(
  name: string,
  boundMs: number,
  { cuts, percent = 100 }: { cuts: boolean; percent?: number },
  ...chosen: readonly ((ends: Ends) => Wire)[]
): Fault {
  return {
    name,
    redis: 'own',
    boundMs,
    needs: 'namespace',
    async run(arena) {
      const [victim, peer] = await instancesByRooms(arena.cluster, arena.load);
      if (!victim || !peer) throw new Error('it takes two instances');
      let mend: () => void = () => undefined;
      const inject = () => {
        mend = cut(
          chosen.map((wire) => wire({ arena, victim, peer })),
          percent,
        );
      };
      try {
        const progress = arena.strike({ affected: victim.rooms, cuts, inject });
        await arena.pause(CUT_MS);
        await progress;
      } finally {
        mend();
      }
      return [];
    },
  };
}

export const cutRedis = wires('cut-redis', 7_000, { cuts: true }, toRedis);
export const cutHaproxy = wires('cut-haproxy', 4_000, { cuts: true }, fromHaproxy);
/** Players come to the peer as well, which cannot pass them on. */
export const cutPeer = wires('cut-peer', 4_000, { cuts: true }, fromHaproxy, toPeer, fromPeer);
/** TCP sends again what is lost, after 200 ms and then twice as long each time. */
export const loss = wires('loss', 3_000, { cuts: false, percent: LOST_PERCENT }, toRedis, fromHaproxy);
