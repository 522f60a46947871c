import type { World } from './world.js';

/** Something that goes wrong in a simulated cluster. */
export interface Fault {
  readonly name: string;
  /** What it leaves in the air, so that the next fault is chosen for it: rooms that change their owner, or copies that lag. */
  readonly unsettles?: 'rooms' | 'copies';
  /** Whether it can strike now, without breaking what is promised. */
  readonly fits: (world: World) => boolean;
  /** What it did, for the story; undefined when there was nobody to do it to. */
  readonly strike: (world: World) => string | undefined;
}
