/** `npm start`: a whole cluster on this machine. Run by bootstrap.mjs. */
import { builtPrograms } from './cluster.js';
import { launch } from './launcher.js';

process.exit(await launch(process.argv.slice(2), builtPrograms));
