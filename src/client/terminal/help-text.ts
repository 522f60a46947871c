/** What can be typed. */
import type { View } from '../../game/hokm/view.js';
import { commitmentOf } from '../../game/shuffle.js';
import type { Paint } from './paint.js';

const LINES: readonly (readonly [string, string])[] = [
  ['3, as, 10h, ♠A', 'play a card: by its number, or by rank and suit'],
  ['s h c d', 'name trump'],
  ['last, proof', 'the last trick · how to check the deal'],
  ['say hello', 'a phrase, an emote or your own words; say alone lists the phrases'],
  ['start, bots', 'host: start the match · with bots on the empty seats'],
  ['seat 2, bot 3, kick 3', 'between matches: move · host: seat a bot, send someone away'],
  ['swap 2, claim', 'change places with a player who types the same · win when the opponents have left'],
  ['quit, leave', 'go, and keep your seat for when you come back · give it up'],
];

export function helpText(paint: Paint): string[] {
  return LINES.map(([words, text]) => `${paint.bold(words.padEnd(22))} ${text}`);
}

/** The promise of this hand's deal, and of the last hand whether the promise was kept. */
export function proofText({ table }: View, paint: Paint): string[] {
  const lines: string[] = [];
  if (table.commitment !== null) {
    lines.push(`Hand ${table.hand}: SHA-256 of the seed, told before the deal:`, paint.dim(table.commitment));
  }
  const last = table.last_hand;
  if (last) {
    const fits = commitmentOf(last.seed) === last.commitment;
    const verdict = fits ? paint.green('fits what was told before.') : paint.red('does NOT fit what was told before!');
    lines.push(`Hand ${last.hand}: its seed ${verdict}`, paint.dim(last.seed));
  }
  return lines.length > 0 ? lines : ['No hand has been dealt yet.'];
}
