/** The server's side of the control socket; what can be asked is in control-protocol.ts. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { ControlError, type ControlRequest, LONGEST_REQUEST, requestSchema } from './control-protocol.js';

const CONNECTIONS = 32;

export class ControlSocket {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param handle gives the answer's fields. @throws ControlError when it cannot be done */
  constructor(
    readonly path: string,
    private readonly handle: (request: ControlRequest) => Promise<object>,
  ) {
    this.server = createServer((socket) => this.serve(socket));
    this.server.maxConnections = CONNECTIONS;
  }

  /** @throws when the path cannot be bound */
  async listen(): Promise<void> {
    // A killed supervisor leaves it behind. Whoever holds the folder's lock is alone.
    rmSync(this.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      // The folder around it is for its owner only, also before the mode is set.
      this.server.listen(this.path, resolve);
    });
    chmodSync(this.path, 0o600);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    rmSync(this.path, { force: true });
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    // Whoever leaves before the answer misses it; what was asked for is done all the same.
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    let text = '';
    let last = Promise.resolve();
    socket.on('data', (part: string) => {
      text += part;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '') continue;
        last = last.then(async () => {
          const answer = await this.answer(line);
          if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
        });
      }
      if (text.length > LONGEST_REQUEST) socket.destroy();
    });
  }

  private async answer(line: string): Promise<object> {
    try {
      return { ok: true, ...(await this.handle(parse(line))) };
    } catch (error) {
      const { message } = error as Error;
      return { ok: false, code: error instanceof ControlError ? error.code : 'FAILED', error: message };
    }
  }
}

function parse(line: string): ControlRequest {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    throw new ControlError('BAD_REQUEST', 'The request is not JSON.');
  }
  const parsed = requestSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ControlError('BAD_REQUEST', `${issue?.path.join('.') || 'request'}: ${issue?.message}`);
}
