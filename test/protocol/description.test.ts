/** The machine-readable descriptions of the wire: made from the schemas, true of every example, and whole. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { errors } from '../../src/errors.js';
import { asyncApi } from '../../src/protocol/description/asyncapi.js';
import { type Json, textOf } from '../../src/protocol/description/json-schema.js';
import { openApi } from '../../src/protocol/description/openapi.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { examplesOf, page } from './page.js';

const fileOf = (name: string) => readFileSync(new URL(`src/protocol/${name}`, packageRoot), 'utf8');
const asyncapi = JSON.parse(fileOf('asyncapi.json')) as Json;
const openapi = JSON.parse(fileOf('openapi.json')) as Json;

/** What a JSON pointer (`#/a/b`) leads to. */
const at = (document: Json, pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/'))
    .reduce<unknown>((found, part) => (found as Json | undefined)?.[part], document);

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref, ...rest } = value as Json;
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(rest).flatMap(refsIn)];
}

/** Whether `value` is what the document's schema says. */
function fits(document: Json, name: string, value: unknown): boolean {
  const schema = at(document, `#/components/schemas/${name}`);
  if (schema === undefined) throw new Error(`no schema ${name}`);
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success;
}

test('the files are what the schemas say today: node dist/src/protocol/description/main.js writes them anew', () => {
  expect(fileOf('asyncapi.json')).toBe(textOf(asyncApi()));
  expect(fileOf('openapi.json')).toBe(textOf(openApi()));
});

test('everything that is referred to is there', () => {
  for (const document of [asyncapi, openapi]) {
    const refs = refsIn(document);
    expect(refs.length).toBeGreaterThan(10);
    expect(refs.filter((ref) => at(document, ref) === undefined)).toEqual([]);
  }
});

test('every message of the page is described, in its direction, and every example fits its description', () => {
  const operations = asyncapi.operations as Record<'send' | 'receive', { messages: { $ref: string }[] }>;
  for (const [kind, operation] of [
    ['client-in', operations.send],
    ['client-out', operations.receive],
  ] as const) {
    const named = operation.messages.map(({ $ref }) => $ref.split('/').at(-1));
    const examples = examplesOf(kind);
    expect(new Set(named)).toEqual(new Set(examples.map(({ value }) => value.type)));
    for (const { value } of examples) expect([value, fits(asyncapi, String(value.type), value)]).toEqual([value, true]);
  }
});

test('a message to the server with a field more, or with one of another type, does not fit', () => {
  for (const { value } of examplesOf('client-in')) {
    const name = String(value.type);
    expect(fits(asyncapi, name, { ...value, surplus: 1 })).toBe(false);
    for (const field of Object.keys(value)) expect(fits(asyncapi, name, { ...value, [field]: [] })).toBe(false);
  }
});

test('every command of the page fits one of the two descriptions, and a command with a field more fits none', () => {
  for (const { value } of examplesOf('command')) {
    const fitting = ['room_command', 'hokm_command'].filter((name) => fits(asyncapi, name, value));
    expect([value.type, fitting.length]).toEqual([value.type, 1]);
    expect(fits(asyncapi, fitting[0] ?? '', { ...value, surplus: 1 })).toBe(false);
  }
});

/** The schema of what a call is sent, or answers. */
function schemaOf(words: readonly string[], sent: boolean): string {
  const [method = '', path = '', status = ''] = words;
  const call = (openapi.paths as Record<string, Json>)[path]?.[method.toLowerCase()] as {
    readonly requestBody?: unknown;
    readonly responses: Json;
  };
  const [ref = ''] = refsIn(sent ? call.requestBody : call.responses[status]);
  return ref.split('/').at(-1) ?? '';
}

test('every call of the page is described, and every example of one fits its description', () => {
  const documented = [...page.matchAll(/^\*\*`(GET|POST) (\/api[^`?]*)/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  const described = Object.entries(openapi.paths as Record<string, Json>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(new Set(described)).toEqual(new Set(documented));
  for (const kind of ['http-in', 'http-out']) {
    const examples = examplesOf(kind);
    expect(examples.length).toBeGreaterThan(2);
    for (const { words, value } of examples) {
      expect([words, fits(openapi, schemaOf(words, kind === 'http-in'), value)]).toEqual([words, true]);
    }
  }
});

test('the catalogue of errors is in both, with status, close code and whether a retry helps', () => {
  for (const document of [asyncapi, openapi]) {
    const told = document['x-errors'] as Record<string, Json>;
    expect(Object.keys(told)).toEqual(Object.keys(errors));
    expect(told.WRONG_TOKEN).toEqual({ http: 401, close: 4401, retry: false });
  }
});
