/** What a clairvoyant would have paid. */

/** What it costs to give an instance up and to have it again, beyond its boot, minutes. */
const REBOOT_MIN = 3;

/** Instances needed at each minute. */
export function needed(players: Int32Array, capacity: number, minimum: number): Int32Array {
  return players.map((present) => Math.max(minimum, Math.ceil(present / capacity)));
}

/**
 * Instance-minutes from minute `from` to before `to`: every level is paid while it is needed; in a gap the instance is
 * kept or given up and booted again, whichever is cheaper.
 */
export function clairvoyantCost(need: Int32Array, bootMin: number, from = 0, to = need.length): number {
  const reboot = bootMin + REBOOT_MIN;
  let cost = 0;
  let level = need[from] ?? 0;
  /** When each level was last needed; levels above the first need have no gap before their first use. */
  const lastNeeded = new Map<number, number>();
  for (let minute = from; minute < to; minute++) {
    const now = need[minute] ?? 0;
    cost += now;
    for (let above = now + 1; above <= level; above++) lastNeeded.set(above, minute - 1);
    for (let above = level + 1; above <= now; above++) {
      const last = lastNeeded.get(above);
      if (last !== undefined) cost += Math.min(minute - last - 1, reboot);
    }
    level = now;
  }
  return cost;
}
