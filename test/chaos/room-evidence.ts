/** Gathers what is known of a room: the raw log from Redis, the public one from the API, the clients' own histories. */
import type { Seq } from '../../src/protocol/ids.js';
import type { StoredEntry } from '../../src/room/store.js';
import { until } from '../support/programs.js';
import type { ClusterUnderTest } from './cluster-under-test.js';
import type { PublishedEntry, RoomEvidence } from './evidence.js';
import type { ClientHistory } from './history.js';
import type { PlayedRoom } from './load.js';

const PAGE = 1_000;
/** Bots go on playing while the parts are read one after the other: so long they are read again, ms. */
const AGREE_MS = 8_000;

/** All parts as of one moment; whatever differs for longer than bots need for a move is for the checker to judge. */
export async function gather(cluster: ClusterUnderTest, room: PlayedRoom): Promise<RoomEvidence> {
  const giveUpAt = performance.now() + AGREE_MS;
  for (;;) {
    const evidence = await readParts(cluster, room);
    if (isOfOneMoment(evidence) || performance.now() > giveUpAt) return evidence;
  }
}

function isOfOneMoment({ meta, log, published, clients }: RoomEvidence): boolean {
  const ends = [log.at(-1), published?.at(-1), ...clients.filter(({ left }) => !left).map(({ end }) => end)];
  return ends.every((end) => (end?.seq ?? 0) === meta.seq);
}

async function readParts(cluster: ClusterUnderTest, room: PlayedRoom): Promise<RoomEvidence> {
  const { code, history, players, clients: present, former, lively } = room;
  const meta = await cluster.store.meta(code);
  if (!meta) throw new Error(`room ${code} is gone`);
  const [log, published] = await Promise.all([rawLog(cluster, code), publicLog(cluster, code)]);
  const endOf = (client: ClientHistory) => former.get(client) ?? players[present.indexOf(client)]?.cursor ?? null;
  const clients = history.clients.map((client) => client.evidence(endOf(client)));
  return { code, head: meta.head, meta, log, published, clients, streams: lively?.follower.streams ?? [] };
}

async function rawLog({ store }: ClusterUnderTest, code: PlayedRoom['code']): Promise<StoredEntry[]> {
  const log: StoredEntry[] = [];
  for (;;) {
    const page = await store.read(code, log.at(-1)?.seq ?? (0 as Seq), PAGE);
    if (page.length === 0) return log;
    log.push(...page);
  }
}

async function publicLog({ base, fetch }: ClusterUnderTest, code: PlayedRoom['code']): Promise<PublishedEntry[]> {
  const log: PublishedEntry[] = [];
  for (;;) {
    const ask = () => fetch(`${base}/api/room/events?room_code=${code}&after=${log.at(-1)?.seq ?? 0}`);
    // The room's owner tells it: one that has just been lost is replaced first.
    let answer = await ask();
    await until('the public log is told', async () => {
      if (answer.status === 503) answer = await ask();
      return answer.status !== 503;
    });
    if (!answer.ok)
      throw new Error(`the public log of ${code} cannot be read: ${answer.status} ${await answer.text()}`);
    const { entries } = (await answer.json()) as { entries: PublishedEntry[] };
    if (entries.length === 0) return log;
    log.push(...entries);
  }
}
