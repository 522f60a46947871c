/** Whether whoever asked is still there. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Calls `then` once, when the answer is over or its connection has ended. A response whose connection ended before it was
 * its turn (requests may be pipelined), or before anybody listened, never says so itself.
 * @returns false, without a call, when that has already happened
 */
export function whenGone(request: IncomingMessage, response: ServerResponse, then: () => void): boolean {
  const { socket } = request;
  if (response.destroyed || response.writableFinished || socket.destroyed) return false;
  const gone = () => {
    response.off('close', gone);
    socket.off('close', gone);
    then();
  };
  response.on('close', gone);
  socket.on('close', gone);
  return true;
}
