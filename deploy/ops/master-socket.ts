/** Reloads by the socket of HAProxy's master, for an operator who does not know its process. */
import { askSocket, HAProxyUnavailable } from '../../haproxy/command-socket.js';
import { ToolFailed } from './tool.js';

const TIMEOUT_MS = 15_000;

/** Whatever the new configuration is worth is seen by the worker that then answers. @throws ToolFailed */
export async function reloadBy(masterSocket: string): Promise<void> {
  let reply: string;
  try {
    reply = await askSocket(masterSocket, 'reload', TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof HAProxyUnavailable)) throw error;
    // 2.6 executes itself again at once, and says nothing any more.
    if (/closed without an answer|ECONNRESET/.test(error.message)) return;
    throw new ToolFailed(`The master's socket ${masterSocket} does not answer: ${error.message}`);
  }
  if (/permission denied|unknown command/i.test(reply)) {
    throw new ToolFailed(`The master's socket ${masterSocket} must be at level admin (-S PATH,level,admin).`);
  }
}
