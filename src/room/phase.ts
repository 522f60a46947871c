/** Where the shell of a room is in its life. */
import type { ErrorCode } from '../errors.js';

/**
 * closed: for good. released: stored for whoever comes next. moved: given to another instance. lost: another instance
 * has taken it. failed: it has an error.
 */
export type EndReason = 'closed' | 'released' | 'moved' | 'lost' | 'failed';

type State =
  /** Inputs are worked off. */
  | { readonly is: 'open' }
  /** About to leave this instance: what was under way is finished, inputs wait. */
  | { readonly is: 'sealed' }
  /** Left for good, and nobody has been told: inputs wait, to be answered by the end. */
  | { readonly is: 'leaving'; readonly reason: EndReason }
  /** Everybody has been told `code`, and so is whoever comes later. */
  | { readonly is: 'ended'; readonly reason: EndReason; readonly code: ErrorCode };

/** INVARIANT: open ⇄ sealed → leaving → ended; the reason is the first one, and what is told is told for it. */
export class Phase {
  private state: State = { is: 'open' };

  /** Inputs are worked off. */
  get isOpen(): boolean {
    return this.state.is === 'open';
  }

  /** The room is no longer played here. */
  get isOver(): boolean {
    return this.reason !== undefined;
  }

  get reason(): EndReason | undefined {
    return 'reason' in this.state ? this.state.reason : undefined;
  }

  /** What connections are told at once. */
  get code(): ErrorCode | undefined {
    return 'code' in this.state ? this.state.code : undefined;
  }

  seal(): void {
    if (this.isOpen) this.state = { is: 'sealed' };
  }

  unseal(): void {
    if (this.state.is === 'sealed') this.state = { is: 'open' };
  }

  /** False when the room was over before. */
  leave(reason: EndReason): boolean {
    if (this.isOver) return false;
    this.state = { is: 'leaving', reason };
    return true;
  }

  /** Everybody is told `code` now. */
  end(code: ErrorCode): void {
    this.state = { is: 'ended', reason: this.reason ?? 'failed', code };
  }
}
