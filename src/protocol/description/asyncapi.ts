/** The WebSocket in AsyncAPI 3, seen by a client. */
import { commandSchema as hokmCommand } from '../../game/hokm/command.js';
import { messagesIn, PROTOCOL_VERSION, roomCommandSchema } from '../client-in.js';
import { ERRORS, type Json, jsonSchema, ROOM_CODE } from './json-schema.js';
import { messagesOut } from './messages-out.js';

const entries = (record: Json, value: (name: string) => unknown): Json =>
  Object.fromEntries(Object.keys(record).map((name) => [name, value(name)]));
const message = (name: string) => ({ $ref: `#/components/messages/${name}` });
const onChannel = (name: string) => ({ $ref: `#/channels/room/messages/${name}` });

export function asyncApi(): Json {
  const all = { ...messagesIn, ...messagesOut };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Hokm cluster: the WebSocket of a room',
      version: `${PROTOCOL_VERSION}`,
      description: 'What the messages mean stands in README.md beside this file. One JSON object in each text message.',
    },
    defaultContentType: 'application/json',
    servers: { cluster: { host: 'example.org', protocol: 'wss', description: 'ws where there is no TLS' } },
    channels: {
      room: {
        address: '/ws',
        servers: [{ $ref: '#/servers/cluster' }],
        messages: entries(all, message),
        bindings: {
          ws: {
            method: 'GET',
            query: { type: 'object', required: ['room_code'], properties: { room_code: ROOM_CODE } },
          },
        },
      },
    },
    operations: {
      send: { action: 'send', channel: { $ref: '#/channels/room' }, messages: Object.keys(messagesIn).map(onChannel) },
      receive: {
        action: 'receive',
        channel: { $ref: '#/channels/room' },
        messages: Object.keys(messagesOut).map(onChannel),
      },
    },
    components: {
      messages: entries(all, (name) => ({ name, payload: { $ref: `#/components/schemas/${name}` } })),
      schemas: {
        ...Object.fromEntries(Object.entries(all).map(([name, schema]) => [name, jsonSchema(schema)])),
        room_command: jsonSchema(roomCommandSchema),
        hokm_command: jsonSchema(hokmCommand),
      },
    },
    'x-errors': ERRORS,
  };
}
