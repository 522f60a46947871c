/** Colyseus: a room of four that relays each move, with a personal part for each seat. Nothing is stored. */
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';

const PING_MS = 25_000;

class Table extends Room {
  maxClients = 4;
  patchRate = null;
  seq = 0;
  seats = new Map();

  onCreate() {
    this.onMessage('move', (client, move) => {
      const seat = this.seats.get(client.sessionId);
      this.seq += 1;
      const at = Date.now();
      for (const to of this.clients) {
        const you = this.seats.get(to.sessionId);
        to.send('event', {
          type: 'event',
          seq: this.seq,
          at,
          you,
          events: [{ type: 'card_played', seat, card: move.card }],
        });
      }
    });
  }

  onJoin(client) {
    this.seats.set(client.sessionId, this.seats.size);
  }
}

const server = new Server({
  greet: false,
  gracefullyShutdown: false,
  transport: new WebSocketTransport({ pingInterval: PING_MS }),
});
server.define('table', Table);
await server.listen(0, '127.0.0.1');
process.send({ port: server.transport.server.address().port });
process.on('disconnect', () => process.exit());
