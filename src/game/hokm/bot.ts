import type { Command } from './command.js';
import { legal, type View } from './view.js';

/** The first legal command, for now. */
export function bot(view: View): Command {
  const command = legal(view)[0];
  if (command === undefined) throw new Error('the bot is asked on its turn only');
  return command;
}
