/** Event streams over HTTP/2, a hundred on a connection: from one address, and from several that fill a room. */
import { until } from '../../support/programs.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { type Answered, Http2 } from '../http2.js';
import { hello, Refused, Wire } from '../wire.js';

/** Streams that a connection may have. */
const PER_CONNECTION = 100;
const CONNECTIONS = 2;
/** Of them, those of further addresses. */
const OTHERS = 2;
const PER_ROOM = PER_CONNECTION * (CONNECTIONS + OTHERS);
const ROOMS = 3;
/** What one address may have open, sockets and streams together. */
const MAX_OF_ADDRESS = 40;
const MAX_SPECTATORS = 100;
/** Far below the 15 s between comments on a stream: HAProxy tells at once who has gone. */
const GONE_MS = 5_000;
/** What a stream may send before it is read, bytes: nothing, hardly anything, as usual. */
const WINDOWS = [0, 16, 65_535] as const;

/** A room with its host, who is told how many watch. */
interface Attacked {
  readonly code: string;
  readonly host: Wire;
  readonly watching: () => { readonly now: number; readonly most: number };
}

async function openRoom(scene: Scene): Promise<Attacked> {
  const code = await newRoom(scene);
  const host = await Wire.open(scene.door, code, { from: scene.stranger() });
  let [now, most] = [0, 0];
  host.onFrame = (text) => {
    const frame = JSON.parse(text) as { type: string; spectators?: number };
    if (frame.type === 'presence') {
      now = frame.spectators ?? 0;
      most = Math.max(most, now);
    }
    return frame.type !== 'welcome';
  };
  host.send(hello());
  await host.next('welcome');
  return { code, host, watching: () => ({ now, most }) };
}

class Siege {
  private readonly open: Http2[] = [];
  private readonly admitted: Answered['stream'][] = [];
  readonly statuses = new Map<number, number>();

  constructor(
    private readonly scene: Scene,
    private readonly code: string,
  ) {}

  /** As many streams as a connection may have, all at once. @returns how many were let in */
  async strike(from: string): Promise<number> {
    const { scene, code } = this;
    const window = WINDOWS[scene.random.between(0, WINDOWS.length - 1)];
    const session = await Http2.open(scene.door, from, window);
    this.open.push(session);
    const answers = await Promise.all(Array.from({ length: PER_CONNECTION }, () => session.follow(code)));
    for (const answer of answers) this.judge(answer);
    scene.did(PER_CONNECTION);
    return answers.filter(({ status }) => status === 200).length;
  }

  /** Streams that have not ended meanwhile. */
  get streams(): number {
    return this.admitted.filter(({ closed, destroyed }) => !closed && !destroyed).length;
  }

  private judge({ stream, status, retryAfter }: Answered): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status === 200) {
      this.admitted.push(stream);
      return;
    }
    stream.close();
    if (status !== 429 && status !== 503) this.scene.broken(`a stream was refused with ${status}`);
    if (!(Number(retryAfter) >= 1)) this.scene.broken(`${status} says Retry-After: ${retryAfter}`);
  }

  lift(): void {
    for (const session of this.open.splice(0)) session.close();
  }
}

/** The status that a WebSocket of that address is answered with. */
async function knock({ door, broken }: Scene, code: string, from: string): Promise<number> {
  try {
    const wire = await Wire.open(door, code, { from });
    wire.socket.terminate();
    return 101;
  } catch (error) {
    if (error instanceof Refused) return error.status;
    broken(`a WebSocket was not answered: ${(error as Error).message}`);
    return 0;
  }
}

/** Somebody who only wants to watch, by a socket and by a stream. @returns how they leave again */
async function watch(scene: Scene, code: string, when: string): Promise<() => void> {
  const wire = await Wire.open(scene.door, code, { from: scene.stranger() });
  wire.send(hello({ spectate: true }));
  const [answer] = await wire.take(1);
  if (answer?.type !== 'welcome') scene.broken(`a spectator ${when} was told ${JSON.stringify(answer)}`);
  const session = await Http2.open(scene.door, scene.stranger());
  const { status, stream } = await session.follow(code);
  stream.resume();
  if (status !== 200) scene.broken(`a follower ${when} was answered with ${status}`);
  return () => {
    wire.socket.terminate();
    session.close();
  };
}

/** Resolves when nobody watches any more. @returns after how long, ms */
async function untilGone(scene: Scene, { code, watching }: Attacked): Promise<number> {
  const since = performance.now();
  await until('all who besieged it are gone', () => watching().now === 0, GONE_MS).catch(() => {
    scene.broken(`${watching().now} still watch ${code} after ${GONE_MS} ms`);
  });
  (await watch(scene, code, 'after the siege'))();
  return performance.now() - since;
}

interface Most {
  readonly streams: number;
  readonly spectators: number;
  readonly goneMs: number;
}

async function besiege(scene: Scene, statuses: Map<number, number>): Promise<Most> {
  const attacked = await openRoom(scene);
  const { code, host, watching } = attacked;
  const siege = new Siege(scene, code);
  try {
    const from = scene.stranger();
    let streams = 0;
    for (let at = 0; at < CONNECTIONS; at++) streams += await siege.strike(from);
    if (streams > MAX_OF_ADDRESS) scene.broken(`${streams} streams are open from one address`);
    const socket = await knock(scene, code, from);
    // One that cannot be sent to is ended after a while, and leaves its place.
    const open = siege.streams;
    if (socket !== 429 && open === MAX_OF_ADDRESS)
      scene.broken(`beside ${open} streams a WebSocket is answered with ${socket}`);
    const leave = await watch(scene, code, 'beside one address');
    for (let at = 0; at < OTHERS; at++) {
      const more = await siege.strike(scene.stranger());
      if (more > MAX_OF_ADDRESS) scene.broken(`${more} streams are open from another address`);
    }
    leave();
    siege.lift();
    const goneMs = await untilGone(scene, attacked);
    if (watching().most > MAX_SPECTATORS) scene.broken(`${watching().most} watch ${code}`);
    if (host.closed !== undefined) scene.broken(`the host was closed with ${host.closed}`);
    return { streams, spectators: watching().most, goneMs };
  } finally {
    siege.lift();
    host.socket.terminate();
    for (const [status, count] of siege.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
  }
}

export const eventStreams: Attack = {
  name: 'event-streams',
  what: 'event streams over HTTP/2, a hundred on a connection',
  limits: 'default',
  full: 40_000,
  least: PER_ROOM,
  unit: 'streams',
  async run(scene) {
    const statuses = new Map<number, number>();
    let [streams, spectators, goneMs] = [0, 0, 0];
    await each(Math.ceil(scene.times / PER_ROOM), ROOMS, async () => {
      const most = await besiege(scene, statuses);
      streams = Math.max(streams, most.streams);
      spectators = Math.max(spectators, most.spectators);
      goneMs = Math.max(goneMs, most.goneMs);
    });
    if ((statuses.get(503) ?? 0) === 0) scene.broken('no stream was refused because its room was full');
    return {
      streams_of_one_address: streams,
      spectators_of_one_room: spectators,
      gone_ms_max: Math.round(goneMs),
      ...Object.fromEntries([...statuses].map(([status, count]) => [`status_${status}`, count])),
    };
  },
};
