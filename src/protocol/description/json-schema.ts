/** JSON Schema of what is written on the wire. */
import { z } from 'zod';
import { errors } from '../../errors.js';

export type Json = Readonly<Record<string, unknown>>;

/** As it is sent: before defaults are filled in and texts are cleaned. */
export function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

export const ROOM_CODE: Json = {
  type: 'string',
  pattern: '^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{4}-?[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{4}$',
  description: '8 of the symbols 0-9 A-Z without I L O U; case and hyphens do not count',
};

/** The catalogue, for programs. */
export const ERRORS: Json = Object.fromEntries(
  Object.entries(errors).map(([code, { http, close, retry }]) => [
    code,
    { http, ...(close === undefined ? {} : { close }), retry },
  ]),
);

/** A description as its file has it. */
export const textOf = (description: Json): string => `${JSON.stringify(description, null, 2)}\n`;
