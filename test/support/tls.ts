/** Certificates of an authority that nobody knows, for programs on this machine; made by openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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
