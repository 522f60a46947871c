/** The shape of one language's words. English has all of them. */
import type { en } from './en.js';

export type Key = keyof typeof en;
export type Words = Readonly<Record<Key, string>>;
