/** Everything that has happened at a table, asked for again and again, by HTTP/1.1 and by HTTP/2. */
import { readFileSync } from 'node:fs';
import { type Attack, each, type Scene } from '../attack.js';
import { pipelined } from '../http.js';
import { Http2 } from '../http2.js';
import { AttackedTable } from '../seat.js';

/** An address may ask 300 times in 10 s. */
const PER_ADDRESS = 250;
const ALLOWED = 300;
const AT_ONCE = 50;
const PARALLEL = 4;
const HANDS = 2;
/** Below what a socket may send. */
const MESSAGE_RATE = 8;
const OPTIONS = { target_points: HANDS, play_all_tricks: true };
/** What a call may cost the instances, µs of CPU; what else they do meanwhile is in it. */
const MAX_CALL_US = 2_000;

/** A table at which a match has been played. Its players stay. */
async function play(scene: Scene): Promise<AttackedTable> {
  const door = { ...scene.door, messageRate: MESSAGE_RATE };
  const table = await AttackedTable.open({ ...scene, door }, OPTIONS);
  await table.start();
  for (;;) {
    const acting = await table.turn();
    if (acting === undefined) break;
    const { seq } = acting;
    acting.wire.send({ type: 'command', id: acting.nextId(), command: acting.legal[0] });
    await acting.wire.take(1);
    await table.until(() => acting.seq > seq, 'the move');
  }
  return table;
}

/** All that the instances have run, µs. */
function cpuOf({ cluster }: Scene): number {
  const of = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  return cluster.facts().instances.reduce((sum, { pid }) => sum + of(pid), 0);
}

async function byHttp2(scene: Scene, paths: readonly string[], counts: Map<number, number>): Promise<void> {
  const session = await Http2.open(scene.door, scene.stranger());
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    await Promise.all(
      paths.slice(at, at + AT_ONCE).map(async (path) => {
        const { stream, status } = await session.ask(path);
        counts.set(status, (counts.get(status) ?? 0) + 1);
        stream.resume();
        await new Promise((resolve) => stream.once('close', resolve));
      }),
    );
  }
  session.close();
}

export const reading: Attack = {
  name: 'reading',
  what: "GET /api/room/events, a table's whole log again and again",
  limits: 'default',
  full: 100_000,
  least: 1_000,
  unit: 'reads',
  async run(scene) {
    const table = await play(scene);
    const path = `/api/room/events?room_code=${table.code}`;
    const request = (url: string) => `GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    const counts = new Map<number, number>();
    const [began, before] = [performance.now(), cpuOf(scene)];
    await each(Math.ceil(scene.times / PER_ADDRESS), PARALLEL, async (at) => {
      const count = Math.min(PER_ADDRESS, scene.times - at * PER_ADDRESS);
      const paths = Array.from({ length: count }, (_, read) => (read % 10 === 9 ? `${path}&after=${read}` : path));
      if (at % 2 === 0) await byHttp2(scene, paths, counts);
      else {
        const answers = await pipelined(scene.door, scene.stranger(), paths.map(request));
        for (const [status, times] of answers) counts.set(status, (counts.get(status) ?? 0) + times);
      }
      scene.did(count);
    });
    const callUs = Math.round((cpuOf(scene) - before) / scene.times);
    const seconds = (performance.now() - began) / 1_000;
    const read = counts.get(200) ?? 0;
    if (read < scene.times) scene.broken(`${scene.times} reads were answered with ${JSON.stringify([...counts])}`);
    if (scene.isAlone && callUs > MAX_CALL_US) scene.broken(`a read costs the instances ${callUs} µs`);
    const hurried = await pipelined(scene.door, scene.stranger(), Array(2 * ALLOWED).fill(request(path)));
    table.close();
    const throttled = hurried.get(429) ?? 0;
    if (throttled < ALLOWED - 1) scene.broken(`of ${2 * ALLOWED} reads of one address ${throttled} were throttled`);
    return { reads_a_second: Math.round(scene.times / seconds), cpu_us_a_read: callUs, throttled_of_600: throttled };
  },
};
