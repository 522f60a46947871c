/** The WebSocket that the client library runs on: a browser's own, or the one Node programs hand in. */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

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
