/** How well a scaler did over a span of minutes. */
import { clairvoyantCost } from './optimum.js';
import type { Course } from './simulate.js';

export interface Score {
  /** Instance-minutes over those of the clairvoyant optimum. */
  readonly cost_ratio: number;
  /** Minutes a day with players that no instance had room for. */
  readonly under_min_per_day: number;
  /** Of all player-minutes, parts per million without room. */
  readonly unmet_ppm: number;
  readonly scale_outs_per_day: number;
  readonly moves_per_player_per_day: number;
  readonly forced_closures: number;
  readonly instance_hours: number;
}

const DAY_MIN = 1440;

export function score(
  course: Course,
  players: Int32Array,
  need: Int32Array,
  bootMin: number,
  from: number,
  to: number,
): Score {
  let paid = 0;
  let under = 0;
  let unmet = 0;
  let served = 0;
  let started = 0;
  let moved = 0;
  let forced = 0;
  for (let minute = from; minute < to; minute++) {
    paid += course.paid[minute] ?? 0;
    const missing = course.unmet[minute] ?? 0;
    if (missing > 0) under += 1;
    unmet += missing;
    served += players[minute] ?? 0;
    started += course.started[minute] ?? 0;
    moved += course.moved[minute] ?? 0;
    forced += course.forced[minute] ?? 0;
  }
  const days = (to - from) / DAY_MIN;
  const meanPlayers = served / (to - from);
  return {
    cost_ratio: paid / clairvoyantCost(need, bootMin, from, to),
    under_min_per_day: under / days,
    unmet_ppm: served === 0 ? 0 : (unmet / served) * 1e6,
    scale_outs_per_day: started / days,
    moves_per_player_per_day: meanPlayers === 0 ? 0 : moved / days / meanPlayers,
    forced_closures: forced,
    instance_hours: paid / 60,
  };
}

/** The mean of every figure. */
export function meanScore(scores: readonly Score[]): Score {
  const mean = (of: (score: Score) => number) => scores.reduce((sum, each) => sum + of(each), 0) / scores.length;
  return {
    cost_ratio: mean((each) => each.cost_ratio),
    under_min_per_day: mean((each) => each.under_min_per_day),
    unmet_ppm: mean((each) => each.unmet_ppm),
    scale_outs_per_day: mean((each) => each.scale_outs_per_day),
    moves_per_player_per_day: mean((each) => each.moves_per_player_per_day),
    forced_closures: mean((each) => each.forced_closures),
    instance_hours: mean((each) => each.instance_hours),
  };
}
