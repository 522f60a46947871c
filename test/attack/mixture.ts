/**
 * All attacks for a while, one beside the other and in an order by chance, on one cluster on which many healthy rooms play;
 * then as many well-formed requests at the same times, which say what the healthy rooms would have had beside those.
 */
import type { Attack } from './attack.js';
import { type Attacked, Attackers } from './attackers.js';
import type { Health } from './healthy.js';
import { type Grown, Processes } from './processes.js';
import { SETTINGS, type Stage, type StageOptions } from './stage.js';
import { type Amounts, ratesOf } from './traffic-profile.js';

const SETTINGS_OF_MIXTURE = {
  ...SETTINGS.default,
  // Rooms that attackers have left are closed within the time that memory is looked at.
  HOKM_IDLE_ROOM_MS: '20000',
};
/** As players who think for a moment. */
const SEAT_DELAY_MS = 500;

export interface MixtureOptions extends Pick<StageOptions, 'stopMs' | 'random' | 'tell'> {
  readonly attacks: readonly Attack[];
  readonly rooms: number;
  readonly seconds: number;
}

export interface Mixture {
  readonly mixed: Attacked['mixed'];
  readonly seconds: number;
  /** What attackers sent, a second. */
  readonly rates: Amounts;
  /** What was sent that was well-formed, a second. */
  readonly control_rates: Amounts;
  /** Healthy rooms beside the attacks. */
  readonly healthy: Health;
  /** Healthy rooms beside as many well-formed requests. */
  readonly control: Health;
  readonly memory: readonly Grown[];
  /** Processes that have ended. */
  readonly ended: readonly string[];
}

/** Attacks that send something: a statistic of shuffled decks keeps only this tool busy. */
export const mixable = (attacks: readonly Attack[]): readonly Attack[] =>
  attacks.filter(({ name }) => name !== 'shuffle');

export async function mix(stage: Stage, options: MixtureOptions): Promise<Mixture> {
  const { attacks, rooms, seconds, random, stopMs, tell } = options;
  await stage.open(SETTINGS_OF_MIXTURE, { rooms, seatDelayMs: SEAT_DELAY_MS });
  const names = attacks.map(({ name }) => name);
  const { folder, healthy: players, cluster } = stage;
  const attackers = new Attackers(
    { folder, attacks: names, seconds, seed: random.between(0, 2 ** 32 - 1), stopMs },
    tell,
  );
  const processes = new Processes(cluster);
  try {
    processes.watch();
    players.begin();
    const { mixed, sent, ms } = await attackers.attack();
    const healthy = await players.end();
    processes.stop();
    tell(
      `mixture: ${(ms / 1_000).toFixed(0)} s, healthy p99 ${healthy.stop_ms.p99} ms; now as much that is well-formed`,
    );
    await attackers.prepare();
    players.begin();
    const sentAgain = await attackers.send();
    const control = await players.end();
    return {
      ...{ mixed, seconds: Math.round(ms / 1_000), healthy, control },
      ...{ rates: ratesOf(sent, ms), control_rates: ratesOf(sentAgain, ms) },
      ...{ memory: processes.grown(), ended: processes.ended() },
    };
  } finally {
    processes.stop();
    await attackers.close();
  }
}
