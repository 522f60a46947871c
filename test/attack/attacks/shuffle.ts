/** The shuffle, by its statistics: every card comes to every place, and follows every other, equally often. */
import { DECK } from '../../../src/game/cards.js';
import { shuffled } from '../../../src/game/shuffle.js';
import { randomHex } from '../../../src/runtime/random.js';
import type { Attack } from '../attack.js';

/** Standard deviations: by chance once in 16,000 runs. */
const TOO_FAR = 4;
/** So that the players beside it are not held up by this process. */
const SLICE = 500;

/** How many standard deviations χ² lies from what is expected, for many degrees of freedom. */
function deviations(counts: Uint32Array, mean: number, freedom: number, counted: (at: number) => boolean): number {
  const squares = counts.reduce((sum, count, at) => sum + (counted(at) ? (count - mean) ** 2 / mean : 0), 0);
  return (squares - freedom) / Math.sqrt(2 * freedom);
}

export const shuffle: Attack = {
  name: 'shuffle',
  what: 'predicting the shuffle',
  limits: 'default',
  full: 1_000_000,
  least: 5_000,
  unit: 'decks',
  async run(scene) {
    const numbers = DECK.map((_, number) => number);
    const places = new Uint32Array(52 * 52);
    const follows = new Uint32Array(52 * 52);
    const ones = new Uint32Array(256);
    for (let deck = 0; deck < scene.times; deck++) {
      // As the room makes a seed.
      const seed = randomHex(32);
      const order = shuffled(numbers, seed, 'hand 1');
      let previous = -1;
      for (const [place, card] of order.entries()) {
        places[place * 52 + card] = (places[place * 52 + card] ?? 0) + 1;
        if (previous >= 0) follows[previous * 52 + card] = (follows[previous * 52 + card] ?? 0) + 1;
        previous = card;
      }
      for (const [at, byte] of Buffer.from(seed, 'hex').entries()) {
        for (let bit = 0; bit < 8; bit++) ones[at * 8 + bit] = (ones[at * 8 + bit] ?? 0) + ((byte >> bit) & 1);
      }
      if (deck % SLICE === SLICE - 1) {
        await new Promise(setImmediate);
        scene.did(SLICE);
      }
    }
    scene.did(scene.times % SLICE);
    const placed = deviations(places, scene.times / 52, 51 * 51, () => true);
    const followed = deviations(follows, scene.times / 52, 52 * 51 - 1, (at) => at % 53 !== 0);
    const spread = Math.sqrt(scene.times / 4);
    const bit = Math.max(...Array.from(ones).map((count) => Math.abs(count - scene.times / 2) / spread));
    for (const [what, far, most] of [
      ['places', placed, TOO_FAR],
      ['neighbours', followed, TOO_FAR],
      // The farthest of 256: by chance once in 30,000 runs.
      ['bits of the seeds', bit, 5.5],
    ] as const) {
      if (Math.abs(far) > most) scene.broken(`${what} lie ${far.toFixed(2)} standard deviations off`);
    }
    const rounded = (value: number) => Math.round(value * 100) / 100;
    return { places_sd: rounded(placed), neighbours_sd: rounded(followed), farthest_bit_sd: rounded(bit) };
  },
};
