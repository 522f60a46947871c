/** Socket.IO with its Redis adapter: a move is emitted to each seat of its table, wherever that is connected. */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const PING_MS = 25_000;

const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  pingInterval: PING_MS,
  adapter: createAdapter(publisher, subscriber),
});
const seqs = new Map();

io.on('connection', (socket) => {
  const { table, seat: asked } = socket.handshake.query;
  const seat = Number(asked);
  socket.join(`${table}:${seat}`);
  socket.on('move', ({ card }) => {
    const seq = (seqs.get(table) ?? 0) + 1;
    seqs.set(table, seq);
    const at = Date.now();
    for (let you = 0; you < 4; you++) {
      const events = [{ type: 'card_played', seat, card }];
      io.to(`${table}:${you}`).emit('event', { type: 'event', seq, at, you, events });
    }
  });
});

http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send({ port: http.address().port }));
process.on('disconnect', () => process.exit());
