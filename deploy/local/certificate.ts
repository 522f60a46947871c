/** The players' certificate: one that was given, or one that openssl makes at the first start with TLS and that is kept. */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { isWildcard } from '../../src/runtime/address.js';
import { type DataFolder, readText, writePrivate } from './data-folder.js';
import { StartFailed } from './start-failed.js';

/** Browsers refuse what lives longer than 825 days, also when its owner trusts it. */
const DAYS = 825;
/** A kept one is replaced when it has less left than this, ms. */
const LEFT_MS = 7 * 86_400_000;

/**
 * PEM file with certificate and key for this machine, and for `host` where players reach it by another name.
 * @param now ms since the epoch.
 * @throws StartFailed when openssl is missing or cannot make one.
 */
export function keptCertificate(folder: DataFolder, host: string, now: number): string {
  const file = folder.certificate;
  const names = new Set(['localhost', '127.0.0.1', '::1', ...(isWildcard(host) ? [] : [host])]);
  if (!stillGood(readText(file), names, now)) writePrivate(file, make(folder.path, names));
  return file;
}

/** The given file, when HAProxy can use it. @throws StartFailed with one line about what is wrong with it. */
export function givenCertificate(file: string): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartFailed(`--cert ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  let certificate: X509Certificate;
  let key: KeyObject;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new StartFailed(`--cert ${file} holds no certificate in PEM.`);
  }
  try {
    // HAProxy also takes a key that lies beside the certificate.
    key = createPrivateKey(/PRIVATE KEY-----/.test(pem) ? pem : readFileSync(`${file}.key`));
  } catch {
    throw new StartFailed(
      `--cert ${file} must also hold the private key, without a password, or lie beside ${file}.key.`,
    );
  }
  if (!certificate.checkPrivateKey(key))
    throw new StartFailed(`The key of --cert ${file} is that of another certificate.`);
  return file;
}

function stillGood(pem: string | undefined, names: ReadonlySet<string>, now: number): boolean {
  if (pem === undefined) return false;
  try {
    const certificate = new X509Certificate(pem);
    const named = [...names].every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)));
    return (
      named &&
      !certificate.ca &&
      certificate.checkPrivateKey(createPrivateKey(pem)) &&
      Date.parse(certificate.validTo) - now > LEFT_MS
    );
  } catch {
    return false;
  }
}

/**
 * For openssl, whose own settings make every certificate of this kind one of an authority: who told a browser to trust it
 * would have told it to trust whatever its key signs.
 */
function settingsFor(names: ReadonlySet<string>): string {
  const altNames = [...names].map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  return [
    '[req]',
    'prompt = no',
    'distinguished_name = subject',
    'x509_extensions = extensions',
    '[subject]',
    'CN = localhost',
    'O = hokm local cluster',
    '[extensions]',
    'basicConstraints = critical,CA:FALSE',
    'keyUsage = critical,digitalSignature',
    'extendedKeyUsage = serverAuth',
    `subjectAltName = ${altNames}`,
    '',
  ].join('\n');
}

function make(below: string, names: ReadonlySet<string>): string {
  const folder = mkdtempSync(join(below, 'certificate-'));
  try {
    chmodSync(folder, 0o700);
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    const settings = join(folder, 'settings');
    writePrivate(settings, settingsFor(names));
    const { error, status, stderr } = spawnSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'],
        ...['-days', String(DAYS), '-config', settings],
        ...['-keyout', key, '-out', certificate],
      ],
      { encoding: 'utf8' },
    );
    if (error) {
      throw new StartFailed(
        `openssl, which makes the certificate for --tls, cannot be run (${(error as NodeJS.ErrnoException).code}): ` +
          'install it, or give a certificate with --cert FILE.',
      );
    }
    if (status !== 0)
      throw new StartFailed(`openssl could not make a certificate: ${stderr.trim().split('\n').at(-1)}`);
    return readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
