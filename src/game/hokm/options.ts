/** What a room may choose about its Hokm. */
import { z } from 'zod';

/** Ways to play without trump: see `power` in trick.ts for what wins. */
export const TRUMP_MODES = ['saras', 'naras', 'tak_naras'] as const;
export type TrumpMode = (typeof TRUMP_MODES)[number];

export const optionsSchema = z.strictObject({
  /** Points that win the match. */
  target_points: z.int().min(1).max(13).default(7),
  /** Play all 13 tricks although the hand is decided by the seventh. Changes no points. */
  play_all_tricks: z.boolean().default(false),
  /** What the hakem may name besides the four suits. */
  trump_modes: z
    .array(z.enum(TRUMP_MODES))
    .refine((modes) => new Set(modes).size === modes.length, 'a mode is listed twice')
    .default([]),
  /** A hakem without a card above ten among his five may ask for a new deal, once a hand. */
  redeal_right: z.boolean().default(false),
});

export type Options = Readonly<z.output<typeof optionsSchema>>;
