/** How long a client waits for a connection, and before the next one. PURE but for chance. */

/** For a connection to open, ms. Where that has failed each further one has longer, up to `LONGEST_OPENING_MS`: some paths are slow. */
const OPENING_MS = 2_800;
const LONGER_OPENING_MS = 1_000;
const LONGEST_OPENING_MS = 8_000;
/** When an instance is lost, all its sockets are, at one moment: who is not waited for lets the others in first. */
const YIELD_MS = 250;
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 3_000;

/** ms that a connection may take to open. @param failures attempts since the last welcome */
export const openingMs = (failures: number): number =>
  Math.min(OPENING_MS + failures * LONGER_OPENING_MS, LONGEST_OPENING_MS);

/**
 * ms until the next attempt.
 * @param failures attempts since the last welcome
 * @param addresses by which the cluster is reached
 * @param isWaitedFor whether the table goes on as soon as this client is back
 */
export function pauseMs(
  failures: number,
  addresses: number,
  isWaitedFor: boolean,
  random: (below: number) => number,
): number {
  // The first goes out at once, as most are lost because the room has just moved; so does one at every other address.
  if (failures > 0 && failures < addresses) return 0;
  if (failures === 0) return isWaitedFor ? 0 : YIELD_MS + random(YIELD_MS);
  const ceiling = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
  return ceiling / 2 + random(Math.ceil(ceiling / 2) + 1);
}
