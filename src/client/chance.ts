/** Chance on the client's side: names that nobody else has, and pauses that do not fall together. */

/** From 0 to `below - 1`. */
export const random = (below: number): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % below;

/** `length` of 0-9 a-z. */
export const nonce = (length: number, chance = random): string =>
  Array.from({ length }, () => chance(36).toString(36)).join('');
