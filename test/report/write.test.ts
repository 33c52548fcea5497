import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/failures';
import type { AccountReport, Finding } from '../../src/report/model';
import { REMEDIES } from '../../src/report/remedies';
import { writeReport } from '../../src/report/write';
import { account, head, smallAccounts, withFolder } from './sample';

interface ParsedAccount {
  id: string;
  excluded?: string;
  source: number;
  restored: number;
  skipped: number;
  filtered: number;
  bytes: number;
  unrestored: { item: number; class: string; reason: string; savedAs?: string }[];
  notes: { item: number; text: string }[];
}
interface Parsed {
  operationId: string;
  totals: { source: number; restored: number; unrestored: number };
  accounts: Record<string, ParsedAccount>;
}
const parse = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Parsed;

test('the JSON holds every account and adds up', async () => {
  await withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head(), accounts: smallAccounts() });
    const json = await parse(files.json);
    expect(json.operationId).toBe('restore-7d1c');
    expect(Object.keys(json.accounts)).toEqual(['ada@example.com', 'bob@example.com', 'old@example.com']);
    let source = 0;
    for (const a of Object.values(json.accounts)) {
      expect(a.source).toBe(a.restored + a.skipped + a.filtered + a.unrestored.length);
      source += a.source;
    }
    expect(source).toBe(json.totals.source);
    expect(json.accounts['ada@example.com']?.unrestored).toEqual([
      { item: 258, class: 'read', reason: 'items/1/258: I/O error', remedy: REMEDIES.hardware },
      {
        item: 301,
        class: 'invalid',
        reason: 'line 7 is too long',
        remedy: REMEDIES.refused,
        savedAs: 'saved/ada/301.eml',
      },
    ]);
    expect(json.accounts['ada@example.com']?.notes).toEqual([{ item: 260, text: 'keyword left off: "27"' }]);
    expect(json.accounts['old@example.com']?.excluded).toBe('deleted');
    expect(files).toMatchObject({ accounts: 3, findings: 3 });
  });
});

test('a report without accounts is valid too', async () => {
  await withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head({ status: 'failed' }), accounts: [] });
    expect((await parse(files.json)).accounts).toEqual({});
    expect(await readFile(files.html, 'utf8')).toContain('No account was handled.');
  });
});

test('accounts of the same name all appear, whatever they are called', async () => {
  await withFolder(async (dir) => {
    const accounts = [
      account('a@b.c', '1', { restored: 1 }),
      account('a@b.c (2)', '9', { restored: 2 }),
      account('a@b.c', '2', { restored: 3 }),
      account('__proto__', '3', { restored: 4 }),
      account('__proto__', '4', { restored: 5 }),
      account('constructor', '5', { restored: 6 }),
    ];
    const files = await writeReport(dir, { head: head(), accounts });
    const { accounts: parsed } = await parse(files.json);
    expect(Object.entries(parsed).map(([name, a]) => [name, a.restored])).toEqual([
      ['a@b.c', 1],
      ['a@b.c (2)', 2],
      ['a@b.c (2) (2)', 3],
      ['__proto__', 4],
      ['__proto__ (4)', 5],
      ['constructor', 6],
    ]);
  });
});

test('files are private, whole, and nothing temporary stays', async () => {
  await withFolder(async (base) => {
    const dir = path.join(base, 'reports', 'one');
    await writeReport(dir, { head: head(), accounts: smallAccounts() });
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await readdir(dir)).sort()).toEqual(['report.html', 'report.json', 'report.txt']);
    for (const name of await readdir(dir)) {
      expect((await stat(path.join(dir, name))).mode & 0o777).toBe(0o600);
    }
  });
});

test('a failure in the middle leaves the earlier report, and no half of the new one', async () => {
  await withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head(), accounts: smallAccounts() });
    const before = await readFile(files.json, 'utf8');
    function* broken(): Generator<AccountReport> {
      yield account('x@y.z', '1');
      throw new Problem('StateUnavailable', 'the ledger is gone');
    }
    await expect(writeReport(dir, { head: head(), accounts: broken() })).rejects.toThrow(
      'the ledger is gone',
    );
    expect((await readdir(dir)).sort()).toEqual(['report.html', 'report.json', 'report.txt']);
    expect(await readFile(files.json, 'utf8')).toBe(before);
  });
});

test('what a killed attempt left behind is removed, other files are not', async () => {
  await withFolder(async (dir) => {
    await writeFile(path.join(dir, '.report.0123456789ab.part'), 'half');
    await writeFile(path.join(dir, 'mine.txt'), 'mine');
    await writeReport(dir, { head: head(), accounts: [] });
    expect((await readdir(dir)).sort()).toEqual(['mine.txt', 'report.html', 'report.json', 'report.txt']);
  });
});

test('a folder that cannot be written is named', async () => {
  await withFolder(async (base) => {
    const file = path.join(base, 'a-file');
    await writeFile(file, '');
    const failed = await writeReport(file, { head: head(), accounts: [] }).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(Problem);
    expect(failed).toMatchObject({ type: 'StateUnavailable', message: expect.stringContaining(file) });
  });
});

test('an existing folder keeps its permissions', async () => {
  await withFolder(async (base) => {
    const dir = path.join(base, 'shared');
    await mkdir(dir);
    await chmod(dir, 0o750);
    await writeReport(dir, { head: head(), accounts: [] });
    expect((await stat(dir)).mode & 0o777).toBe(0o750);
  });
});

test('200,000 findings are written with bounded memory, each iterable once', async () => {
  await withFolder(async (dir) => {
    let peak = 0;
    let yielded = 0;
    const first = process.memoryUsage().heapUsed;
    function* findings(count: number): Generator<Finding> {
      for (let item = 1; item <= count; item += 1) {
        if (yielded % 2_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed);
        yielded += 1;
        yield {
          item,
          class: 'read',
          reason: `items/${item % 256}/${item}: Input/output error at ${yielded}`,
        };
      }
    }
    function* accounts(): Generator<AccountReport> {
      yield account('large@example.com', 'large', { unrestored: 150_000 }, findings(150_000));
      for (let i = 0; i < 10_000; i += 1) {
        yield account(`user${i}@example.com`, `id-${i}`, { unrestored: 5 }, findings(5));
      }
    }
    const big = head({
      totals: { ...head().totals, source: 200_017, unrestored: 200_000 },
      unrestoredByClass: { read: 200_000, broken: 0, invalid: 0, unsupported: 0, doubtful: 0, unclassed: 0 },
    });
    const files = await writeReport(dir, { head: big, accounts: accounts() });
    expect(yielded).toBe(200_000);
    expect(peak - first).toBeLessThan(100 * 1024 * 1024);
    expect(files).toMatchObject({ accounts: 10_001, findings: 200_000 });

    const json = await parse(files.json);
    const listed = Object.values(json.accounts).reduce((n, a) => n + a.unrestored.length, 0);
    expect(listed).toBe(200_000);
    const text = await readFile(files.text, 'utf8');
    expect(text.match(/^ {4}\d+: items\//gm)).toHaveLength(200_000);
    const html = await readFile(files.html, 'utf8');
    expect(html.length).toBeLessThan(6 * 1024 * 1024);
    expect(html).toContain('the first 5,000 of 10,001 accounts, 20,000 of 200,000 unrestored items.');
    expect(html).toContain('… and 130,000 more in report.json');
    expect(html.match(/<tbody>/g)).toHaveLength(5_000);
  });
}, 60_000);
