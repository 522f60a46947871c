/** A command that is not answered yet: its frame, and how its caller hears the answer. */
import type { ClientFrame } from '../protocol/client-in.js';
import type { Seq } from '../protocol/ids.js';
import type { CommandRefused } from './table-state.js';

export interface PendingCommand {
  readonly frame: ClientFrame & { readonly type: 'command' };
  /** Told only to a server that knows what it means. */
  readonly turn: Seq | null;
  readonly resolve: (seq: Seq) => void;
  readonly reject: (error: CommandRefused) => void;
}
