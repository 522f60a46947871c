/** Bundles the web page into dist/web: hashed assets, the page that names them, and both compressed beforehand. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export const PAGE = 'src/web';
const OUT = 'dist/web';
/** Browsers of the last three years: CSS container units, `dialog`, `:has`. */
const TARGETS = ['chrome111', 'firefox121', 'safari16.4'];

/** Whether a file that the compiler does not read changes the page. */
export const isPageSource = (file) => file.startsWith(`${PAGE}/`) && /\.(css|html|svg|json|webmanifest)$/.test(file);

export const pageIsBuilt = (root) => !existsSync(join(root, PAGE)) || existsSync(join(root, OUT, 'index.html'));

export async function buildPage(root) {
  const { build } = await import('esbuild');
  rmSync(join(root, OUT), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${PAGE}/main.tsx`, `${PAGE}/style/main.css`],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outdir: `${OUT}/assets`,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: TARGETS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const made = Object.entries(metafile.outputs);
  const entry = (name) => made.find(([, { entryPoint }]) => entryPoint === `${PAGE}/${name}`)?.[0] ?? '';
  const script = entry('main.tsx');
  // What the entry imports at once is fetched beside it, not after it.
  const preloads = (metafile.outputs[script]?.imports ?? []).filter(({ kind }) => kind === 'import-statement');
  const html = readFileSync(join(root, PAGE, 'index.html'), 'utf8')
    .replace('%SCRIPT%', `/assets/${basename(script)}`)
    .replace('%STYLE%', `/assets/${basename(entry('style/main.css'))}`)
    .replace(
      '%PRELOADS%',
      preloads.map(({ path }) => `<link rel="modulepreload" href="/assets/${basename(path)}">`).join(''),
    );
  mkdirSync(join(root, OUT), { recursive: true });
  const icon = readFileSync(join(root, PAGE, 'favicon.svg'));
  // Last: with it the page counts as built.
  const files = [...made.map(([file]) => [file]), [`${OUT}/favicon.svg`, icon], [`${OUT}/index.html`, html]];
  writeFileSync(join(root, OUT, 'meta.json'), JSON.stringify(metafile));
  for (const [file, content] of files) writeCompressed(join(root, file), content);
}

function writeCompressed(file, content = readFileSync(file)) {
  const bytes = Buffer.from(content);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: size }));
  writeFileSync(file, bytes);
}
