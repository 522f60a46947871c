/** Whether whoever asked is still there. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** By connection, what is done when it ends: many requests may be under way on one. */
const onEnd = new WeakMap<Duplex, Set<() => void>>();

/**
 * Calls `then` once, when the answer is over or its connection has ended. A response whose connection ended before it was
 * its turn (requests may be pipelined), or before anybody listened, never says so itself.
 * @returns false, without a call, when that has already happened
 */
export function whenGone(request: IncomingMessage, response: ServerResponse, then: () => void): boolean {
  const { socket } = request;
  if (response.destroyed || response.writableFinished || socket.destroyed) return false;
  const waiting = endOf(socket);
  const gone = () => {
    if (waiting.delete(gone)) then();
  };
  waiting.add(gone);
  response.once('close', gone);
  return true;
}

/** Whether somebody waits for the end of an answer on this connection. */
export const isAnswering = (socket: Duplex): boolean => (onEnd.get(socket)?.size ?? 0) > 0;

function endOf(socket: Duplex): Set<() => void> {
  const known = onEnd.get(socket);
  if (known) return known;
  const waiting = new Set<() => void>();
  onEnd.set(socket, waiting);
  socket.once('close', () => {
    for (const gone of waiting) gone();
  });
  return waiting;
}
