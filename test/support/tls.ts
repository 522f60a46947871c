/** Certificates of an authority that nobody knows, for programs on this machine; made by openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request as requestByTls } from 'node:https';
import { join } from 'node:path';

export interface TestCertificates {
  /** PEM of the authority: what clients are given as REDIS_CA_FILE. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Good for 127.0.0.1 and localhost. */
export function makeCertificates(folder: string): TestCertificates {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', name);
  key('ca.key');
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    'ca.key',
    '-subj',
    '/CN=Authority of the tests',
    '-days',
    '2',
    '-out',
    'ca.crt',
  );
  key('redis.key');
  openssl('req', '-new', '-key', 'redis.key', '-subj', '/CN=redis', '-out', 'redis.csr');
  writeFileSync(file('redis.ext'), 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost\n');
  const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'redis.ext'];
  openssl('x509', '-req', '-in', 'redis.csr', ...sign, '-out', 'redis.crt');
  return { authority: file('ca.crt'), certificate: file('redis.crt'), key: file('redis.key') };
}

/** For a Redis or a Sentinel that is reached by TLS only, and follows its primary by TLS. Clients need no certificate. */
export function tlsSettings(port: number, { authority, certificate, key }: TestCertificates): string[] {
  return [
    ...['port 0', `tls-port ${port}`, `tls-cert-file "${certificate}"`, `tls-key-file "${key}"`],
    ...[`tls-ca-cert-file "${authority}"`, 'tls-auth-clients no', 'tls-replication yes'],
  ];
}

/** As much of `fetch` as tools need. */
export type Fetch = (
  url: string,
  request?: { readonly method?: string; readonly body?: string },
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
  text(): Promise<string>;
}>;

const ADDRESSES = 200;

/**
 * `fetch` for a server on this machine with a certificate that only `ca` vouches for. Requests come from many addresses of
 * this host in turn, so that no limit of an address is reached.
 */
export function fetchTrusting(ca: string): Fetch {
  let turn = 0;
  return (url, { method = 'GET', body } = {}) => {
    turn += 1;
    const localAddress = `127.0.2.${1 + (turn % ADDRESSES)}`;
    return new Promise((resolve, reject) => {
      const sent = requestByTls(url, { method, ca, localAddress, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (data: string) => {
          text += data;
        });
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const ok = status >= 200 && status < 300;
          resolve({ ok, status, json: async () => JSON.parse(text) as unknown, text: async () => text });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
}
