import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { progressChart, shareBar } from '../../src/report/html-chart';
import type { AccountReport, ReportHead } from '../../src/report/model';
import { writeReport } from '../../src/report/write';
import { account, head, smallAccounts, withFolder } from './sample';

const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&\u202egnp.exe\naccount: forged@example.com`;

interface Pages {
  html: string;
  text: string;
  json: string;
}
function pages(h: ReportHead, accounts: AccountReport[]): Promise<Pages> {
  return withFolder(async (dir) => {
    const files = await writeReport(dir, { head: h, accounts });
    const read = (file: string) => readFile(file, 'utf8');
    return { html: await read(files.html), text: await read(files.text), json: await read(files.json) };
  });
}

const hostile = () =>
  pages(
    head({
      operationId: EVIL,
      failure: EVIL,
      engine: { name: EVIL, reason: EVIL },
      source: { path: EVIL, serverName: EVIL, serverId: EVIL, dialect: EVIL },
      target: { url: EVIL, description: EVIL },
      phases: [{ name: EVIL, seconds: 1 }],
      notes: [EVIL],
      notifications: [{ event: EVIL, to: [EVIL], outcome: EVIL }],
      totals: { ...head().totals, unrestored: 1 },
      unrestoredByClass: { read: 1, broken: 0, invalid: 0, unsupported: 0, doubtful: 0, unclassed: 0 },
    }),
    [
      account(
        EVIL,
        EVIL,
        { unrestored: 1 },
        [{ item: 1, class: 'read', reason: EVIL, savedAs: EVIL }],
        [{ item: 2, text: EVIL }],
        EVIL,
      ),
    ],
  );

test('hostile names and reasons stay text in the page', async () => {
  const { html } = await hostile();
  expect(html).not.toContain('<script>alert');
  expect(html).not.toContain('<img');
  expect(html).not.toContain('\u202e');
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

test('hostile names cannot forge a line of the text', async () => {
  const { text } = await hostile();
  expect(text).not.toMatch(/^account: forged/m);
  expect(text).toContain('\\u202egnp.exe\\naccount: forged@example.com');
  expect(text.match(/^unrestored items: /gm)).toHaveLength(1);
});

test('hostile names survive the JSON unchanged', async () => {
  const json = JSON.parse((await hostile()).json) as {
    accounts: Record<string, { id: string; unrestored: { reason: string; savedAs: string }[] }>;
    source: { path: string };
  };
  expect(json.source.path).toBe(EVIL);
  expect(json.accounts[EVIL]?.id).toBe(EVIL);
  expect(json.accounts[EVIL]?.unrestored[0]).toMatchObject({ reason: EVIL, savedAs: EVIL });
});

test('the page loads nothing, and its policy lets only its own script run', async () => {
  const { html } = await pages(head(), smallAccounts());
  expect(html).not.toMatch(/\b(src|href)=["']?(https?:)?\/\//);
  expect(html).not.toMatch(/\sstyle=|\son[a-z]+=/);
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
  expect(script.length).toBeGreaterThan(100);
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  expect(html).toContain(`script-src ${hash(script)};`);
  expect(html).toContain(`style-src ${hash(style)};`);
  expect(html).toContain(`content="default-src 'none';`);
});

test('each account is a row, with its unrestored items below it', async () => {
  const { html } = await pages(head(), smallAccounts());
  expect(html.match(/<tbody>/g)).toHaveLength(3);
  expect(html).toContain('<summary>2 unrestored items</summary>');
  expect(html).toContain('<summary>1 unrestored item</summary>');
  expect(html).toContain('<a href="./saved/ada/301.eml">saved copy</a>');
  expect(html).toContain('left out: deleted');
  expect(html).toContain('keyword left off: &quot;27&quot;');
  expect(html).not.toContain('This page shows the first');
  for (const tag of ['tbody', 'tr', 'td', 'ul', 'li', 'details', 'section', 'div', 'table', 'dl']) {
    const opened = html.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0;
    expect([tag, html.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0]).toEqual([tag, opened]);
  }
});

test.each(['javascript:alert(1)', '../../etc/passwd', '/etc/passwd', 'a//b', '\ud800.eml'])(
  'the saved name %j leads nowhere outside the report',
  async (savedAs) => {
    const { html } = await pages(head(), [
      account('a@b.c', '1', { unrestored: 1 }, [{ item: 1, class: 'invalid', reason: 'r', savedAs }]),
    ]);
    expect(html).not.toMatch(/href="(?!#do-\w+"|\.\/[^"./][^"/]*(\/[^"./][^"/]*)*")/);
  },
);

test('the chart ends where the operation ended, with few points', () => {
  const progress = Array.from({ length: 10_000 }, (_, i) => ({ seconds: i, items: i * 7 }));
  const svg = progressChart(progress);
  const line = /class="line" d="M([^"]*)"/.exec(svg)?.[1]?.split('L') ?? [];
  expect(line.length).toBeLessThanOrEqual(301);
  expect(line[0]).toBe('0.0 240.0');
  // 69,993 items on an axis that ends at 80,000.
  expect(line.at(-1)).toBe(`1000.0 ${(240 - (69_993 / 80_000) * 240).toFixed(1)}`);
  expect(svg).toContain('69,993 items in 2 hours, 46 minutes, 39 seconds, 7.0 a second on average');
  expect(progressChart(progress, 69_993)).toContain('69,993 items in 2 hours');
  expect(progressChart(progress, 69_000)).toContain('69,993 items, folders and tags in 2 hours');
});

test('there is no chart of nothing', () => {
  expect(progressChart([])).toBe('');
  expect(progressChart([{ seconds: 0, items: 0 }])).toBe('');
  expect(
    progressChart([
      { seconds: 0, items: 0 },
      { seconds: 5, items: 0 },
    ]),
  ).toBe('');
});

test('one unrestored item among millions can be seen in the bar', () => {
  const bar = shareBar({ ...head().totals, source: 5_000_001, restored: 5_000_000, unrestored: 1 });
  const width = Number(/class="unrestored" x="[\d.]+" y="0" width="([\d.]+)"/.exec(bar)?.[1]);
  expect(width).toBeGreaterThanOrEqual(5);
});
