/**
 * Checks a finished hand in the page itself, from the public log and nothing else: the seed has the fingerprint shown
 * before the deal, and gives exactly the cards that were played and left over. The algorithm is told in
 * `src/game/shuffle.ts`; this is a second implementation of it, on WebCrypto.
 */
import { type Card, DECK } from '../../game/cards.js';
import type { HandResult } from '../../game/hokm/table.js';
import { tricksOf } from '../../game/hokm/trick.js';
import type { LogEntry } from '../device/api.js';

export interface Proof {
  /** SHA-256 of the seed is the commitment. */
  readonly commitment: boolean;
  /** The deal of the seed is the cards of the log. */
  readonly deal: boolean;
}

/** Whether browsers let this page check anything. */
export const canCheck = (): boolean => globalThis.crypto?.subtle !== undefined;

export async function checkHand(hand: HandResult, played: readonly Card[]): Promise<Proof> {
  const seed = bytesOf(hand.seed);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', seed));
  const dealt = dealOf(await shuffledDeck(seed, `hand ${hand.hand}`), hand.hakem);
  const held: Card[][] = hand.left.map((cards) => [...cards]);
  for (const trick of tricksOf(played, hand.hakem, hand.trump)) {
    for (const [at, card] of trick.cards.entries()) held[(trick.leader + at) & 3]?.push(card);
  }
  return {
    commitment: hexOf(digest) === hand.commitment,
    deal: dealt.every((cards, seat) => sameCards(cards, held[seat] ?? [])),
  };
}

/** The cards of hand `hand` in the order played, from the log: the last hand of that number. */
export function playedIn(log: readonly LogEntry[], hand: number): readonly Card[] {
  let played: Card[] = [];
  let current = 0;
  for (const event of log.flatMap(({ events }) => events)) {
    if (event.type === 'hand_started') {
      current = Number(event.hand);
      if (current === hand) played = [];
    } else if (event.type === 'card_played' && current === hand) played.push(event.card as Card);
  }
  return played;
}

/** Fisher–Yates from the last place down, by the bytes of the seed's stream. */
async function shuffledDeck(seed: Uint8Array<ArrayBuffer>, context: string): Promise<readonly Card[]> {
  const key = await crypto.subtle.importKey('raw', seed, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const text = new TextEncoder().encode(context);
  let block = new Uint8Array(0);
  let used = 0;
  let counter = 0;
  const nextByte = async (): Promise<number> => {
    if (used === block.length) {
      const message = new Uint8Array(4 + text.length);
      new DataView(message.buffer).setUint32(0, counter++);
      message.set(text, 4);
      block = new Uint8Array(await crypto.subtle.sign('HMAC', key, message));
      used = 0;
    }
    return block[used++] ?? 0;
  };
  const order = [...DECK];
  for (let last = order.length - 1; last > 0; last--) {
    const limit = 256 - (256 % (last + 1));
    let byte = await nextByte();
    while (byte >= limit) byte = await nextByte();
    const other = byte % (last + 1);
    [order[last], order[other]] = [order[other] as Card, order[last] as Card];
  }
  return order;
}

/** By seat: five, four and four cards, the hakem first in each round. */
function dealOf(pack: readonly Card[], hakem: number): readonly (readonly Card[])[] {
  return [0, 1, 2, 3].map((seat) => {
    const place = (seat - hakem) & 3;
    return [
      ...pack.slice(place * 5, place * 5 + 5),
      ...pack.slice(20 + place * 4, 24 + place * 4),
      ...pack.slice(36 + place * 4, 40 + place * 4),
    ];
  });
}

const sameCards = (a: readonly Card[], b: readonly Card[]): boolean => a.toSorted().join() === b.toSorted().join();

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
