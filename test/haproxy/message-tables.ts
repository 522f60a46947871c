/** Stands in for an instance: what a player says goes to all of the room. Run as a process, which says its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

const rooms = new Map<string, Set<WebSocket>>();
const server = createServer((_, response) => response.end());
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket, { url = '' }) => {
  const room = rooms.get(url) ?? new Set();
  rooms.set(url, room.add(socket));
  socket.on('message', (message) => {
    for (const other of room) other.send(String(message));
  });
  socket.on('close', () => room.delete(socket));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.on('disconnect', () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });
