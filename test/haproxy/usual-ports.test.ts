/** HAProxy on the ports of real life: 443 and 80, with TLS and without, on IPv4 and IPv6. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { urlHost } from '../../src/runtime/address.js';
import { temporaryFolder } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import { BACKEND_FILE, CONFIG_FILE, haproxyEnvironment, startHAProxy } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pem: string;
let ca: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  const { authority, certificate, key } = makeCertificates(folder.path);
  ca = readFileSync(authority, 'utf8');
  pem = join(folder.path, 'players.pem');
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
});
afterAll(() => folder.remove());

/** An address of loopback's that other runs of this test do not use; ::1 is the only one of its family. */
const LOOPBACK = `127.${(process.pid >> 14) & 127}.${(process.pid >> 7) & 127}.${(process.pid & 127) + 1}`;

/** Whether this process may listen there: the ports below 1024 are not everybody's, and may be taken. */
async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.listen(port, host);
  const free = await listening;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** HAProxy's judgement of its configuration, which binds nothing. */
async function judged(environment: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawn('haproxy', ['-c', '-f', CONFIG_FILE, '-f', BACKEND_FILE], {
    env: { ...process.env, ...(await haproxyEnvironment(folder.path)), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += String(data);
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

interface Reply {
  readonly status: number | undefined;
  readonly location: string | undefined;
}

function ask(tls: boolean, host: string, port: number, path: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path, agent: false, headers: { host: `${urlHost(host)}:${port}` } };
    const sent = tls ? tlsRequest({ ...options, ca, checkServerIdentity: () => undefined }) : plainRequest(options);
    sent.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode, location: response.headers.location });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const PORTS = [443, 80] as const;
const ways = PORTS.flatMap((port) =>
  [true, false].flatMap((tls) => [LOOPBACK, '::1'].map((host) => ({ port, tls, host }))),
);

describe.each(ways)('players come to port $port of $host, with TLS: $tls', ({ port, tls, host }) => {
  const settings = (): Record<string, string> => ({
    HAPROXY_BIND: host,
    HAPROXY_PORT: String(port),
    ...(tls ? { HAPROXY_CERT: pem } : {}),
  });

  test('HAProxy finds nothing wrong', async () => {
    const { code, said } = await judged(settings());
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringMatching(/\[(ALERT|WARNING)\]/) });
  });

  test('it answers there, and sends those who come without TLS to that port', async () => {
    const other = port === 443 ? 80 : 443;
    // Checked above all the same.
    if (!(await isFree(host, port)) || (tls && !(await isFree(host, other)))) return;
    const haproxy = await startHAProxy({ ...settings(), ...(tls ? { HAPROXY_HTTP_PORT: String(other) } : {}) });
    try {
      expect((await ask(tls, host, port, '/haproxy-health')).status).toBe(200);
      if (!tls) return;
      const target = port === 443 ? urlHost(host) : `${urlHost(host)}:${port}`;
      expect(await ask(false, host, other, '/?room_code=7KQ2M9XZ')).toEqual({
        status: 308,
        location: `https://${target}/?room_code=7KQ2M9XZ`,
      });
    } finally {
      await haproxy.stop();
    }
  });
});
