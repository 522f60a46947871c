/** The certificate of the players' door: made, kept, or given. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { givenCertificate, keptCertificate } from '../../deploy/local/certificate.js';
import { DataFolder } from '../../deploy/local/data-folder.js';
import { end, temporaryFolder } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import { type Launcher, launcher } from './running-cluster.js';

const DAY = 86_400_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const launchers: Launcher[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(launchers.splice(0).map(({ process }) => end(process, 'SIGTERM')));
  await folder.remove();
});

test('one of our own is made once, and again for another name or when it runs out', () => {
  const data = DataFolder.open(join(folder.path, 'data'));
  // Of the certificate itself: it is made by the clock of openssl.
  const file = keptCertificate(data, '127.0.0.1', 0);
  const pem = readFileSync(file, 'utf8');
  const certificate = new X509Certificate(pem);
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  expect([to - from, statSync(file).mode & 0o777]).toEqual([825 * DAY, 0o600]);
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(certificate.checkPrivateKey(createPrivateKey(pem))).toBe(true);
  // For this server alone: its key signs for nobody else.
  expect([certificate.ca, certificate.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(['127.0.0.1', '::1'].map((address) => certificate.checkIP(address))).toEqual(['127.0.0.1', '::1']);

  const again = (host: string, now: number) => readFileSync(keptCertificate(data, host, now), 'utf8');
  for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '::']) expect(again(host, from)).toBe(pem);
  expect(again('127.0.0.1', to - 8 * DAY)).toBe(pem);
  const renewed = again('127.0.0.1', to - 6 * DAY);
  expect(renewed).not.toBe(pem);
  const other = again('192.0.2.7', from);
  expect(new X509Certificate(other).checkIP('192.0.2.7')).toBe('192.0.2.7');
  const authority = makeCertificates(folder.path);
  writeFileSync(file, readFileSync(authority.authority, 'utf8'));
  expect(new X509Certificate(again('127.0.0.1', from)).ca).toBe(false);
  writeFileSync(file, 'nonsense');
  expect(again('127.0.0.1', from)).toContain('PRIVATE KEY');
  data.release();
});

test('a given one is looked at before HAProxy gets it', () => {
  const { certificate, key, authority } = makeCertificates(folder.path);
  const place = (name: string, ...parts: string[]) => {
    const file = join(folder.path, name);
    writeFileSync(file, parts.map((part) => readFileSync(part, 'utf8')).join(''));
    return file;
  };
  const whole = place('whole.pem', certificate, key);
  expect(givenCertificate(whole)).toBe(whole);
  const beside = place('beside.pem', certificate);
  expect(() => givenCertificate(beside)).toThrow(`--cert ${beside} must also hold the private key`);
  copyFileSync(key, `${beside}.key`);
  expect(givenCertificate(beside)).toBe(beside);
  expect(() => givenCertificate(place('other.pem', authority, key))).toThrow(/is that of another certificate\.$/);
  expect(() => givenCertificate(place('key.pem', key))).toThrow(/holds no certificate in PEM\.$/);
  expect(() => givenCertificate('/nowhere/x.pem')).toThrow('--cert /nowhere/x.pem cannot be read (ENOENT).');
});

test.each<[string[], Record<string, string>, RegExp]>([
  [
    ['--tls'],
    { PATH: '' },
    /^openssl, which makes the certificate for --tls, cannot be run \(ENOENT\): install it, or/,
  ],
  [['--cert', '/nowhere/x.pem'], {}, /^--cert \/nowhere\/x\.pem cannot be read \(ENOENT\)\.$/],
  [['--haproxies', '3'], {}, /^--haproxies must be 1 or 2\.$/],
  [['--haproxies', '2', '--port', '65535'], {}, /^--port must be a port number, 0 to 65534\.$/],
  [['--haproxies', '2', '--port', '8403', '--ops-port', '8404'], {}, /^--port and --ops-port must differ\.$/],
  [['--tls', '--port', '8080'], {}, /^--port and --http-port must differ\.$/],
])('%j %j: one line', async (args, env, line) => {
  const running = launcher(join(folder.path, 'data'), args, env);
  launchers.push(running);
  expect(await running.ended).toBe(1);
  expect([running.stdout(), running.stderr()]).toEqual(['', expect.stringMatching(new RegExp(line.source, 'm'))]);
  expect(running.stderr().trim().split('\n')).toHaveLength(1);
});
