/**
 * The entry of every npm script: `node deploy/local/bootstrap.mjs start|play|build|test|… [arguments]`.
 *
 * The scripts in package.json start it by `exec`: a shell between npm and this process would die of the SIGTERM that npm
 * passes on, and leave the cluster running. It runs before `npm ci`, so neither it nor its parts in `bootstrap/` import a package. All that it says goes to stderr:
 * stdout belongs to the program that it runs. This file stays readable for old Node versions, which get one clear line.
 */
const NODE = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
  process.stderr.write(`Node ${NODE.join('.')} or later is needed; this is ${process.versions.node}.\n`);
  process.exit(1);
}

import('./bootstrap/run.mjs').then(
  ({ run }) => run(process.argv.slice(2)),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
