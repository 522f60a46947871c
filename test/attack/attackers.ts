/**
 * The attackers of a mixture, in a thread of their own: the players of this process must not wait for what they do here.
 * The same thread then sends what is well-formed.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { redisConfig } from '../../src/config.js';
import { connect, ready } from '../../src/redis/client.js';
import { RedisRoomStore } from '../../src/redis/room-store.js';
import { Seeded } from '../chaos/seeded.js';
import type { Attack, AttackedCluster, Figures } from './attack.js';
import { attacks } from './attacks/all.js';
import { carryOut, doorsOf, type Site } from './carry-out.js';
import { Traffic } from './door.js';
import { type Amounts, Recorder, type TrafficProfile } from './traffic-profile.js';
import { WellFormed } from './well-formed.js';

/** Attacks at a time. */
const AT_ONCE = 6;
/** An attack is carried out up to so many times the fewest that mean anything. */
const MOST_TIMES = 4;
/** Attacks that need more than a socket may send keep below that: the limits are those of every cluster. */
const MESSAGE_RATE = 8;
const REDIS_MS = 5_000;

export interface Siege {
  /** Folder of the cluster. */
  readonly folder: string;
  /** Names of the attacks. */
  readonly attacks: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  readonly stopMs: number;
}

/** What became of one attack. */
export interface Mixed {
  readonly attack: string;
  readonly runs: number;
  readonly done: number;
  readonly unit: string;
  readonly broken: readonly string[];
  /** Of the last run. */
  readonly figures: Figures;
}

export interface Attacked {
  readonly mixed: readonly Mixed[];
  /** What was sent, and in how long, ms. */
  readonly sent: Amounts;
  readonly ms: number;
}

/** What the thread is asked, in this order, and what it answers. */
interface Answers {
  readonly attack: Attacked;
  readonly prepare: null;
  readonly send: Amounts;
}

type Said = { readonly line: string } | { readonly answer: Answers[keyof Answers] };

export class Attackers {
  private readonly worker: Worker;

  constructor(siege: Siege, tell: (line: string) => void) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: siege });
    this.worker.on('message', (said: Said) => {
      if ('line' in said) tell(said.line);
    });
  }

  /** All attacks beside one another, for the time of the siege. */
  attack(): Promise<Attacked> {
    return this.ask('attack');
  }

  /** Makes ready to send as much that is well-formed. */
  prepare(): Promise<null> {
    return this.ask('prepare');
  }

  /** Sends it. @returns how much it was */
  send(): Promise<Amounts> {
    return this.ask('send');
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  /** @throws Error what the thread dies of */
  private async ask<Question extends keyof Answers>(question: Question): Promise<Answers[Question]> {
    this.worker.postMessage(question);
    for (;;) {
      const [said] = (await once(this.worker, 'message')) as [Said];
      if ('answer' in said) return said.answer as Answers[Question];
    }
  }
}

/** Every attack once in an order by chance, then all again in another one, without end. */
export function* shuffledForEver(of: readonly Attack[], random: Seeded): Generator<Attack, never> {
  for (;;) {
    const left = [...of];
    while (left.length > 0) yield* left.splice(random.between(0, left.length - 1), 1);
  }
}

/** Begins attacks until `end` (monotonic ms), each at least once, and waits for the last ones. */
async function carryOutAll(site: Site, of: readonly Attack[], end: number): Promise<Mixed[]> {
  const { random, tell } = site;
  const mixed = new Map<string, Mixed>();
  const order = shuffledForEver(of, random);
  let begun = 0;
  const one = async () => {
    while (performance.now() < end || begun < of.length) {
      begun += 1;
      const attack = order.next().value;
      const { name, unit, limits, least } = attack;
      const isPaced = limits === 'lifted';
      const times = isPaced ? least : least * random.between(1, MOST_TIMES);
      const since = performance.now();
      const manner = { times, isAlone: false, ...(isPaced ? { messageRate: MESSAGE_RATE } : {}) };
      const { done, broken, figures } = await carryOut(site, attack, manner);
      const took = ((performance.now() - since) / 1_000).toFixed(1);
      tell(`  ${name}: ${done} ${unit} in ${took} s${broken.length === 0 ? '' : `, BROKEN: ${broken[0]}`}`);
      const so = mixed.get(name) ?? { runs: 0, done: 0, broken: [] };
      mixed.set(name, {
        ...{ attack: name, runs: so.runs + 1, done: so.done + done, unit },
        ...{ broken: [...so.broken, ...broken], figures },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return [...mixed.values()];
}

function isSiege(data: unknown): data is Siege {
  return typeof data === 'object' && data !== null && 'folder' in data && 'seconds' in data;
}

/** The cluster of that folder, which another thread has started. */
async function attach(folder: string): Promise<AttackedCluster> {
  const facts = () => JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as ClusterFacts;
  const config = redisConfig({ REDIS_URL: facts().redis_url });
  const redis = connect(config, 'attack');
  await ready(redis, config, REDIS_MS);
  return { facts, redis, store: new RedisRoomStore(redis) };
}

async function serve({ folder, attacks: names, seconds, seed, stopMs }: Siege): Promise<void> {
  const say = (said: Said) => parentPort?.postMessage(said);
  const cluster = await attach(folder);
  const traffic = new Traffic();
  const tell = (line: string) => say({ line });
  const site: Site = { cluster, folder, traffic, random: new Seeded(seed), stopMs, tell };
  const wellFormed = new WellFormed(doorsOf(cluster, traffic).door);
  let profile: TrafficProfile | undefined;
  const answers: { readonly [Question in keyof Answers]: () => Promise<Answers[Question]> } = {
    attack: async () => {
      const recorder = new Recorder(traffic);
      const wanted = attacks.filter(({ name }) => names.includes(name));
      const mixed = await carryOutAll(site, wanted, performance.now() + seconds * 1_000);
      profile = recorder.stop();
      return { mixed, sent: profile.sentBy(profile.length), ms: profile.length };
    },
    prepare: async () => {
      if (profile) await wellFormed.open(profile);
      return null;
    },
    send: async () => {
      if (!profile) throw new Error('nothing has been sent');
      return await wellFormed.send(profile);
    },
  };
  parentPort?.on('message', (question: keyof Answers) => {
    void answers[question]().then((answer) => say({ answer }));
  });
}

// Other threads load this too.
if (isSiege(workerData)) await serve(workerData);
