/** Handshakes of pages from elsewhere. */
import { crockford } from '../../../src/runtime/random.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { Refused, Wire } from '../wire.js';

/** Origins that are not the page's own, near ones first. */
const ownOrigin = ({ door }: Scene) => `https://127.0.0.1:${door.port}`;

function foreign(scene: Scene): string[] {
  const { port } = scene.door;
  const own = ownOrigin(scene);
  return [
    ...['null', '', 'undefined', '*', 'file://', 'about:blank', 'https://evil.example', 'http://evil.example'],
    ...[`https://127.0.0.1:${port + 1}`, 'https://127.0.0.1', `https://127.0.0.2:${port}`, `https://localhost:${port}`],
    ...[`${own}.evil.example`, `${own}@evil.example`, `http://evil.example/${own}`, `http://evil.example#${own}`],
    ...[`wss://evil.example?${own}`, `https://x127.0.0.1:${port}`, `https://127.0.0.1.evil.example:${port}`],
    ...[`${own}, http://evil.example`, `http://evil.example, ${own}`, `javascript:${own}`, `data:text/html,${own}`],
  ];
}

async function knock(scene: Scene, room: string, headers: Record<string, string | string[]>): Promise<number> {
  try {
    const wire = await Wire.open(scene.door, room, { from: scene.stranger(), headers });
    wire.socket.terminate();
    return 101;
  } catch (error) {
    if (error instanceof Refused) return error.status;
    throw error;
  }
}

export const crossSite: Attack = {
  name: 'cross-site',
  what: 'cross-site sockets',
  limits: 'default',
  full: 10_000,
  least: 40,
  unit: 'handshakes',
  async run(scene) {
    const room = await newRoom(scene);
    const near = foreign(scene);
    const own = ownOrigin(scene);
    // Headers by which a page, or somebody between, could claim another name.
    const lies: readonly Record<string, string>[] = [
      {},
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-proto': 'http' },
      { referer: own },
      { 'sec-websocket-origin': own },
    ];
    const statuses = new Map<number, number>();
    await each(scene.times, 6, async (at) => {
      const origin = near[at % near.length] ?? '';
      const lie = lies[Math.floor(at / near.length) % lies.length] ?? {};
      const name = at < near.length * lies.length ? origin : `http://${crockford(8)}.example`;
      const status = await knock(scene, room, { ...lie, origin: name });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 101) scene.broken(`the origin ${JSON.stringify(name)} was let in with ${JSON.stringify(lie)}`);
      scene.did(1);
    });
    const twice = await knock(scene, room, { origin: [own, 'http://evil.example'] });
    if (twice === 101) scene.broken('two origins were let in');
    const allowed = await knock(scene, room, { origin: own });
    if (allowed !== 101) scene.broken(`the page's own origin was answered with ${allowed}`);
    return Object.fromEntries([...statuses].map(([status, count]) => [`status_${status}`, count]));
  },
};
