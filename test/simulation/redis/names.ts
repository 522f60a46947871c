/** What requests are called. */
import type { Request } from './node.js';
import { load, nameOfScript } from './scripts.js';

const MESSAGE_TYPE = /"type":"(\w+)"/;

/** A request by the name that a fault may wait for: of a message its type, of a script its name. */
export function nameOf([name, ...args]: Request): string {
  if (name === 'EVALSHA') return nameOfScript(args[0] ?? '');
  if (name === 'EVAL') return nameOfScript(load(args[0] ?? ''));
  if (name === 'WAITAOF') return 'WAIT';
  if (name !== 'PUBLISH' && name !== 'XADD') return name;
  return MESSAGE_TYPE.exec(args.at(-1) ?? '')?.[1] ?? name;
}
