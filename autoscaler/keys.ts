/** The autoscaler's keys. One hash tag: its scripts touch several at once, also on Redis Cluster. */
const PREFIX = 'hokm:{autoscaler}';

export const KEYS = {
  lock: `${PREFIX}:lock`,
  fencing: `${PREFIX}:fencing`,
  state: `${PREFIX}:state`,
  /** Holds and pauses, set by hand. */
  hand: `${PREFIX}:hand`,
  /** Orders by hand that wait for whoever holds the lock. */
  orders: `${PREFIX}:orders`,
  decisions: `${PREFIX}:decisions`,
  /** A day's minutes: a hash while it runs, one string when it is over. */
  minutes: (day: string) => `${PREFIX}:history:${day}`,
  packed: (day: string) => `${PREFIX}:history:${day}:packed`,
} as const;
