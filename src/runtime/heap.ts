/** How V8 keeps this process's memory. Imported before anything that lasts is made. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 makes things in the old generation from the start where most of what the same line made before has lasted. In rooms
 * that are opened and wait, everything lasts; after that each move's state would be garbage that only a full collection
 * finds, with all that it refers to: three times as many bytes survive a collection of the young.
 */
setFlagsFromString('--no-allocation-site-pretenuring');

/**
 * Collections of the young on the main thread alone. An instance has one core: V8's helpers only take turns with it there,
 * which costs a join a fourteenth.
 */
setFlagsFromString('--no-parallel-scavenge');
