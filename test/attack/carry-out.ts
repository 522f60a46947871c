/** Carries out one attack on a cluster. */
import type { Seeded } from '../chaos/seeded.js';
import type { Attack, AttackedCluster, Figures, Scene } from './attack.js';
import type { PlayersDoor, Traffic } from './door.js';

const PROGRESS_MS = 10_000;
/** Of one attack, so many are told. */
const MAX_BROKEN = 20;

/** Where attacks are carried out. */
export interface Site {
  readonly cluster: AttackedCluster;
  /** Folder with the cluster's data and logs. */
  readonly folder: string;
  /** Of all attacks. */
  readonly traffic: Traffic;
  readonly random: Seeded;
  /** Bound of what healthy players wait for, ms. */
  readonly stopMs: number;
  readonly tell: (line: string) => void;
}

export interface Manner {
  readonly times: number;
  readonly isAlone: boolean;
  /** So many messages a second go over a WebSocket of its, at most. */
  readonly messageRate?: number;
}

export interface Outcome {
  readonly done: number;
  readonly broken: readonly string[];
  readonly figures: Figures;
}

/** Never throws: an attack that fails has broken a bound. */
export async function carryOut(site: Site, attack: Attack, { times, isAlone, messageRate }: Manner): Promise<Outcome> {
  const { cluster, folder, random, stopMs, traffic, tell } = site;
  const { door, plainDoor } = doorsOf(cluster, traffic);
  const broken: string[] = [];
  let done = 0;
  const progress = setInterval(() => tell(`  ${attack.name}: ${done} of ${times} ${attack.unit}`), PROGRESS_MS);
  const scene: Scene = {
    ...{ cluster, folder, times, random, stopMs, isAlone, plainDoor },
    door: messageRate === undefined ? door : { ...door, messageRate },
    stranger: nextAddress,
    did: (more) => {
      done += more;
    },
    broken: (text) => {
      if (broken.length < MAX_BROKEN) broken.push(text);
    },
  };
  const figures = await attack.run(scene).catch((error: Error) => {
    broken.push(error.stack ?? error.message);
    return {};
  });
  clearInterval(progress);
  if (done < times) broken.push(`${done} of ${times} ${attack.unit} were done`);
  return { done, broken, figures };
}

/** The players' door, and the plain one beside it. */
export function doorsOf(
  cluster: AttackedCluster,
  traffic: Traffic,
): { readonly door: PlayersDoor; readonly plainDoor: PlayersDoor } {
  const [haproxy] = cluster.facts().haproxies;
  const portOf = (url: string | null | undefined) => Number(new URL(url ?? '').port);
  return {
    door: { port: portOf(haproxy?.player_url), secure: true, traffic },
    plainDoor: { port: portOf(haproxy?.http_url), secure: false, traffic },
  };
}

let addresses = 0;
/** 127.3.0.1 and up, in each thread: not the ones that the players and the tool itself come from. */
export function nextAddress(): string {
  const at = addresses++;
  return `127.${3 + (Math.floor(at / 62_500) % 250)}.${Math.floor(at / 250) % 250}.${1 + (at % 250)}`;
}
