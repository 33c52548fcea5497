/** The page of the report in a real browser: Chromium, headless. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { AccountReport, Finding } from '../../src/report/model';
import { REMEDIES } from '../../src/report/remedies';
import { writeReport } from '../../src/report/write';
import { account, counters, head } from './sample';

const CHROMIUM = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path));
const browserTest = CHROMIUM === undefined ? test.skip : test;
if (CHROMIUM === undefined)
  process.stderr.write(
    'The page is not tested in a browser: there is no chromium (Debian: apt-get install chromium).\n',
  );

const EVIL = '<script>window.stolen=1</script><img src=x onerror="window.stolen=2">';

const read: Finding = {
  item: 7,
  class: 'read',
  reason: `soft read error EACCES ${EVIL}`,
  evidence: { path: '/x', error: 'EACCES' },
};
const broken: Finding = { item: 8, class: 'broken', reason: 'no valid JSON', evidence: { path: '/x' } };

function accounts(): AccountReport[] {
  return [
    account('user10@example.com', '10', { source: 5, restored: 5 }),
    account('user2@example.com', '2', { source: 90, restored: 89, unrestored: 1 }, [read]),
    account(`${EVIL}@example.com`, '3', { source: 7, restored: 6, unrestored: 1 }, [broken]),
  ];
}

let dir: string;
let url: string;
let browser: Browser;
let page: Page;
/** What the page asked for beside itself, and what it complained of. */
let wrong: string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-page-'));
  const files = await writeReport(dir, {
    head: head({
      totals: counters({ source: 102, restored: 100, unrestored: 2 }),
      unrestoredByClass: { read: 1, broken: 1, invalid: 0, unsupported: 0, doubtful: 0, unclassed: 0 },
    }),
    accounts: accounts(),
  });
  url = pathToFileURL(files.html).href;
  // --no-sandbox: root has none; the page is our own
  if (CHROMIUM !== undefined)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true });
});

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  wrong = [];
  const context = await browser.newContext({ offline: true, ...options });
  page = await context.newPage();
  page.on('request', (request) => void (request.url() === url || wrong.push(request.url())));
  page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
  page.on('pageerror', (error) => wrong.push(error.message));
  await page.goto(url);
}
afterEach(async () => {
  await page?.context().close();
});

const names = async (): Promise<string[]> =>
  page.locator('tbody:visible > tr:first-child > th > bdi').allTextContents();
const EVIL_NAME = `${EVIL}@example.com`;

browserTest('offline, without a request, an error or a foreign script', async () => {
  await open();
  expect(await names()).toEqual(['user10@example.com', 'user2@example.com', EVIL_NAME]);
  expect(await page.evaluate('window.stolen')).toBeUndefined();
  expect(wrong).toEqual([]);
});

browserTest('sorts by a click on a header, numbers from the largest, names as people count', async () => {
  await open();
  await page.getByRole('button', { name: /^Restored/ }).click();
  expect(await names()).toEqual(['user2@example.com', EVIL_NAME, 'user10@example.com']);
  await page.getByRole('button', { name: /^Restored/ }).click();
  expect(await names()).toEqual(['user10@example.com', EVIL_NAME, 'user2@example.com']);
  await page.getByRole('button', { name: 'Account' }).click();
  expect((await names()).slice(1)).toEqual(['user2@example.com', 'user10@example.com']);
});

browserTest('filters by name, by unrestored items and by class', async () => {
  await open();
  await page.getByRole('searchbox').fill('USER example');
  await page.getByText('2 of 3 accounts').waitFor();
  expect(await names()).toEqual(['user10@example.com', 'user2@example.com']);
  await page.getByText('only with unrestored items').click();
  expect(await names()).toEqual(['user2@example.com']);
  await page.getByRole('searchbox').fill('');
  await page.getByLabel('class').selectOption('broken');
  expect(await names()).toEqual([EVIL_NAME]);
});

browserTest('an item leads to what to do about it', async () => {
  await open();
  await page.getByText('1 unrestored item', { exact: true }).first().click();
  await page.getByRole('link', { name: 'what to do' }).first().click();
  expect(page.url()).toMatch(/#do-permissions$/);
  expect(await page.locator('#do-permissions').innerText()).toContain(REMEDIES.permissions);
  expect(await page.locator('#do-permissions').isVisible()).toBe(true);
});

browserTest('shows the phases and the chart of items over time', async () => {
  await open();
  const chart = page.getByRole('img', { name: /20 items in 1 minute, 2 seconds/ });
  const box = await chart.boundingBox();
  expect(box?.width).toBeGreaterThan(200);
  expect(box?.height).toBeGreaterThan(50);
  expect(await page.locator('.phases li').allInnerTexts()).toHaveLength(2);
});

browserTest('fits a phone: nothing is wider than the screen, every number has its name', async () => {
  await open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  const label = "getComputedStyle(document.querySelector('tbody td:nth-child(2)'), '::before').content";
  expect(await page.evaluate(label)).toBe('"Restored"');
  await page.getByText('only with unrestored items').tap();
  expect(await names()).toHaveLength(2);
});

browserTest('says everything without scripts', async () => {
  await open({ javaScriptEnabled: false });
  expect(await names()).toHaveLength(3);
  expect(await page.getByRole('searchbox').count()).toBe(0);
  await page.getByText('1 unrestored item', { exact: true }).last().click();
  expect(await page.getByText('no valid JSON').isVisible()).toBe(true);
});
