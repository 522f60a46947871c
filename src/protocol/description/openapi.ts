/** What players ask over HTTP, in OpenAPI 3.1. */
import { z } from 'zod';
import { optionsSchema as hokmOptions } from '../../game/hokm/options.js';
import { commandRequestSchema, PROTOCOL_VERSION } from '../client-in.js';
import { createSchema, reconnectSchema } from '../http.js';
import { ERRORS, type Json, jsonSchema, ROOM_CODE } from './json-schema.js';
import { errorFields, viewSchema } from './messages-out.js';

const object = z.object;
const seq = z.int().min(0);
const addresses = { room_code: z.string(), ws_url: z.string(), play_url: z.string() };

const answers = {
  error: object({ error: object(errorFields) }),
  room_made: object(addresses),
  rooms: object({
    rooms: z.array(
      object({
        room_code: z.string(),
        game: z.string(),
        options: z.unknown(),
        turn_ms: z.number(),
        status: z.string(),
        seats: z.array(object({ name: z.string(), bot: z.boolean() }).nullable()),
      }),
    ),
  }),
  room: object({ epoch: seq, seq, digest: z.string(), view: viewSchema }),
  log_page: object({
    room: z.string(),
    seq,
    entries: z.array(object({ seq, at: z.number(), epoch: seq, events: z.array(object({ type: z.string() })) })),
  }),
  seat_found: object({ ...addresses, seat: seq }),
  command_done: object({ seq }),
};
const bodies = {
  room_wish: createSchema,
  hokm_options: hokmOptions,
  token: reconnectSchema,
  command_request: commandRequestSchema,
};

const ref = (name: keyof typeof answers | keyof typeof bodies) => ({ $ref: `#/components/schemas/${name}` });
const content = (schema: Json, type = 'application/json') => ({ content: { [type]: { schema } } });
const body = (name: keyof typeof bodies, required: boolean) => ({ required, ...content(ref(name)) });
const answer = (description: string, name: keyof typeof answers) => ({ description, ...content(ref(name)) });
const REFUSED = { default: answer('refused: see x-errors', 'error') };
const CODE = { name: 'room_code', in: 'query', required: true, schema: ROOM_CODE };

export function openApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hokm cluster: HTTP for players',
      version: `${PROTOCOL_VERSION}`,
      description: 'What the calls mean stands in README.md beside this file.',
    },
    servers: [{ url: 'https://example.org' }],
    paths: {
      '/api/rooms': {
        get: { operationId: 'listRooms', responses: { 200: answer('public rooms', 'rooms'), ...REFUSED } },
        post: {
          operationId: 'createRoom',
          requestBody: body('room_wish', false),
          responses: { 201: answer('the room', 'room_made'), ...REFUSED },
        },
      },
      '/api/room': {
        get: {
          operationId: 'showRoom',
          parameters: [CODE],
          responses: { 200: answer("cursor and a spectator's view", 'room'), ...REFUSED },
        },
      },
      '/api/room/events': {
        get: {
          operationId: 'showEvents',
          parameters: [
            CODE,
            { name: 'after', in: 'query', required: false, schema: { type: 'integer', minimum: 0, default: 0 } },
            { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
          ],
          responses: {
            200: {
              description: 'a page of the log, or with Accept: text/event-stream the log as it grows',
              content: {
                ...content(ref('log_page')).content,
                ...content({ type: 'string' }, 'text/event-stream').content,
              },
            },
            ...REFUSED,
          },
        },
      },
      '/api/reconnect': {
        post: {
          operationId: 'findSeat',
          requestBody: body('token', true),
          responses: { 200: answer('room and seat of the token', 'seat_found'), ...REFUSED },
        },
      },
      '/api/room/commands': {
        post: {
          operationId: 'command',
          security: [{ seat: [] }],
          parameters: [CODE],
          requestBody: body('command_request', true),
          responses: { 200: answer('stored', 'command_done'), ...REFUSED },
        },
      },
    },
    components: {
      securitySchemes: { seat: { type: 'http', scheme: 'bearer', description: 'a seat token' } },
      schemas: Object.fromEntries(
        Object.entries({ ...bodies, ...answers }).map(([name, schema]) => [name, jsonSchema(schema)]),
      ),
    },
    'x-errors': ERRORS,
  };
}
