/** A real Chromium for tests, and pages that remember everything that went wrong in them. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { packageRoot } from '../../src/runtime/package-root.js';

const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-extensions', '--mute-audio'],
];

/** The bootstrap is no TypeScript: what is used of it is declared here. */
interface Programs {
  find(name: string, env: NodeJS.ProcessEnv): string | undefined;
}

export async function launchBrowser(): Promise<Browser> {
  const { find }: Programs = await import(new URL('deploy/local/bootstrap/programs.mjs', packageRoot).href);
  const executablePath = find('chromium', process.env);
  if (executablePath === undefined) throw new Error('chromium is missing');
  return chromium.launch({ executablePath, args: QUIET });
}

export const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };

export interface TestPage {
  readonly page: Page;
  /** Errors of scripts, messages on the console, violations of the page's policy. */
  readonly wrong: string[];
  close(): Promise<void>;
}

export interface Likes {
  readonly name?: string;
  readonly language?: 'en' | 'fa';
  readonly theme?: 'light' | 'dark';
  readonly fourColours?: boolean;
}

/** A device of its own: nothing is shared with other pages. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = PHONE,
  likes: Likes = {},
): Promise<TestPage> {
  const context = await browser.newContext({
    colorScheme: 'dark',
    locale: 'en-US',
    reducedMotion: 'reduce',
    ...options,
  });
  // Before the page's own script, and only where it has kept nothing yet.
  await context.addInitScript(
    `try { localStorage.getItem('hokm.likes') ?? localStorage.setItem('hokm.likes', ${JSON.stringify(JSON.stringify(likes))}) } catch {}`,
  );
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const wrong: string[] = [];
  watch(page, wrong);
  await page.goto(url);
  return { page, wrong, close: () => context.close() };
}

/** Failed connections are told by browsers on the console whatever a page does about them: they are no errors of it. */
const EXPECTED = /WebSocket connection to|Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION)/;

export function watch(page: Page, wrong: string[]): void {
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) wrong.push(message.text());
  });
}

/** Runs an expression in the page by the debugger: a strict policy for scripts does not stand in its way. */
export async function inPage<Value>(page: Page, expression: string): Promise<Value> {
  const session = await page.context().newCDPSession(page);
  try {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Value;
  } finally {
    await session.detach();
  }
}

const folder = new URL('test-output/', packageRoot);

/** Keeps a picture in test-output, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)), animations: 'disabled' });
}
