/** The WebSocket that the client library runs on: a browser's own, or the one Node programs hand in. */
export interface SocketLike {
  /** 1 while it is open; absent where sending is harmless at any time. */
  readonly readyState?: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

const OPEN = 1;

/** Sends what a socket that is open takes; browsers complain aloud about one that is just closing. */
export function send(socket: SocketLike | undefined, text: string): void {
  const { readyState = OPEN } = socket ?? {};
  if (readyState === OPEN) socket?.send(text);
}

/** Opens a WebSocket to the URL. */
export type OpenSocket = (url: string) => SocketLike;

/** Listens to the socket no more. */
export function silence(socket: SocketLike): SocketLike {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
  socket.onerror = () => undefined;
  return socket;
}

export function openBrowserSocket(url: string): SocketLike {
  return new (globalThis as unknown as { WebSocket: new (url: string) => SocketLike }).WebSocket(url);
}
