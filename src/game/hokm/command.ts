/** What a player may ask for. */
import { z } from 'zod';
import { DECK, SUITS } from '../cards.js';
import { TRUMP_MODES } from './options.js';

export const commandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('name_trump'), trump: z.enum([...SUITS, ...TRUMP_MODES]) }),
  z.strictObject({ type: z.literal('play'), card: z.enum(DECK) }),
  z.strictObject({ type: z.literal('redeal') }),
]);

export type Command = Readonly<z.output<typeof commandSchema>>;
