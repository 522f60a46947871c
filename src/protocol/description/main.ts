/** Writes asyncapi.json and openapi.json anew: `node dist/src/protocol/description/main.js` after a change of the schemas. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApi } from './asyncapi.js';
import { textOf } from './json-schema.js';
import { openApi } from './openapi.js';

const folder = join(process.cwd(), 'src', 'protocol');
writeFileSync(join(folder, 'asyncapi.json'), textOf(asyncApi()));
writeFileSync(join(folder, 'openapi.json'), textOf(openApi()));
