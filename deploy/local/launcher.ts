/** One run of the local cluster, from the command line to the exit code. */
import { ConfigError, launcherConfig } from '../../src/config.js';
import { RedisUnavailable } from '../../src/redis/client.js';
import { type Clock, SystemClock } from '../../src/runtime/clock.js';
import { givenCertificate, keptCertificate } from './certificate.js';
import { LocalCluster, type Programs } from './cluster.js';
import { DataFolder } from './data-folder.js';
import { type HaproxyPorts, OPS_HOST } from './haproxy.js';
import { type Options, parseOptions } from './options.js';
import { ChildNotes } from './orphans.js';
import { freePort, wantedPort } from './ports.js';
import { Report } from './report.js';
import { keptSecrets } from './secrets.js';
import { StartFailed } from './start-failed.js';
import { onStopSignals } from './stop-signals.js';

/** Of a shell for a program that Ctrl-C ended. */
const KILLED = 130;

/**
 * Runs the cluster until it is told to stop. Exit code: 0 after an ordered stop, 1 when it could not start, 130 when a
 * second Ctrl-C cut the stop short.
 */
export async function launch(args: readonly string[], programs: Programs): Promise<number> {
  const clock = new SystemClock();
  const report = new Report();
  let folder: DataFolder | undefined;
  let cluster: LocalCluster | undefined;
  let stopAsked: (() => void) | undefined;
  const stopped = new Promise<void>((resolve) => {
    stopAsked = resolve;
  });
  let stopping = false;
  // Also on a crash of this process nothing stays behind; what was stopped already is not touched.
  process.on('exit', () => cluster?.kill());
  onStopSignals(
    clock,
    () => {
      stopping = true;
      report.tell('Stopping (Ctrl-C again ends everything at once) …');
      stopAsked?.();
    },
    () => {
      cluster?.kill();
      folder?.release();
      process.exit(KILLED);
    },
    () => cluster?.reopenLogs(),
  );
  try {
    const options = await parseOptions(args);
    const config = launcherConfig();
    folder = DataFolder.open(options.data);
    const notes = new ChildNotes(folder);
    const ended = await notes.endOrphans(clock);
    if (ended > 0) report.tell(`Ended ${ended} process(es) that a killed run had left behind`);
    const doors = await wantedDoors(options);
    const certificate = certificateOf(options, folder, clock);
    const plan = { options, doors, certificate, config, programs, folder, notes, report, clock };
    cluster = await LocalCluster.prepare({ ...plan, secrets: keptSecrets(folder) });
    const started = cluster.start().then(() => true);
    started.catch(() => undefined);
    // A stop during the start does not wait for its end.
    if (await Promise.race([started, stopped.then(() => false)])) {
      report.announce(cluster.facts(), folder, options.json);
      await stopped;
    }
    await cluster.stop();
    report.tell('Stopped.');
    return 0;
  } catch (error) {
    await cluster?.stop();
    if (stopping) return 0;
    const expected = [StartFailed, ConfigError, RedisUnavailable].some((kind) => error instanceof kind);
    const { message, stack } = error as Error;
    report.tell(expected ? message : (stack ?? message));
    return 1;
  } finally {
    folder?.release();
  }
}

/** The ports of each HAProxy: as wished for the first, the next ones for the second, free ones for 0. @throws StartFailed */
async function wantedDoors({ host, port, opsPort, httpPort, haproxies, tls }: Options): Promise<HaproxyPorts[]> {
  const doors: HaproxyPorts[] = [];
  for (let at = 0; at < haproxies; at++) {
    const next = (first: number) => (first === 0 ? 0 : first + at);
    doors.push({
      port: await wantedPort(host, next(port), '--port'),
      opsPort: await wantedPort(OPS_HOST, next(opsPort), '--ops-port'),
      httpPort: tls ? await wantedPort(host, next(httpPort), '--http-port') : undefined,
      peerPort: await freePort(),
    });
  }
  return doors;
}

function certificateOf({ tls, cert, host }: Options, folder: DataFolder, clock: Clock): string | undefined {
  if (!tls) return undefined;
  return cert === undefined ? keptCertificate(folder, host, clock.now()) : givenCertificate(cert);
}
