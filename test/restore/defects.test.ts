/** A store with one of each defect: each is classed right, and everything else is restored. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../../src/backup-path/store';
import { verifyStore } from '../../src/backup-path/verify';
import { RestoreBench, type ReportJson } from './bench';
import { plantDefects, type Expected } from './defects';
import { accountInfo, mail } from './store';

const HUGE = 300 * 1024 * 1024;
const asRoot = process.getuid?.() === 0;

let bench: RestoreBench;
let expected: Map<number, Expected>;

beforeAll(async () => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let item = 300; item < 310; item++) bench.store.message('a1', item, mail(`good ${item}`));
  expected = await plantDefects(
    bench.store,
    'a1',
    // root reads everything but what is no file: a folder fails for every user
    (path) => (asRoot ? replaceByFolder(path) : chmodSync(path, 0)),
    HUGE,
  );
});
afterAll(() => bench.remove());

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

const sorted = (entries: Iterable<readonly [number, string]>): Record<number, string> =>
  Object.fromEntries(entries);

test('a verification tells each of them', async () => {
  const found: [number, string][] = [];
  await verifyStore(bench.store.root, {
    threads: 2,
    onFinding: ({ item, class: kind, path }) => {
      if (item === null) return;
      found.push([item, kind]);
      expect([item, path]).toEqual([item, expect.stringMatching(/\/items\/../)]);
    },
  });
  const wanted = [...expected].flatMap(([item, { verify }]) =>
    verify === null ? [] : [[item, verify] as const],
  );
  expect(sorted(found)).toEqual(sorted(wanted));
  expect(found).toHaveLength(wanted.length);
});

describe('a restore', () => {
  let report: ReportJson['accounts'][string];
  let counters: { restored: number; unrestored: number; source: number };
  beforeAll(async () => {
    const restored = await bench.restore();
    counters = restored.counters;
    report = restored.report.accounts['jane@example.com'] as typeof report;
  });

  test('classes each, with evidence and remedy', () => {
    const wanted = [...expected].flatMap(([item, { restore }]) =>
      restore === null ? [] : [[item, restore] as const],
    );
    expect(sorted(report.unrestored.map(({ item, class: kind }) => [item, kind]))).toEqual(sorted(wanted));
    for (const finding of report.unrestored) {
      expect(finding).toMatchObject({
        path: expect.stringContaining(bench.store.root),
        remedy: expect.any(String),
      });
    }
    const of = (name: string) => report.unrestored.find(({ item }) => expected.get(item)?.name === name);
    expect(of('missing blob')).toMatchObject({ error: 'ENOENT', severity: 'hard' });
    expect(of('unreadable blob')).toMatchObject(
      asRoot ? { error: 'EISDIR', severity: 'hard' } : { error: 'EACCES', severity: 'soft' },
    );
    expect(of('wrong digest')).toMatchObject({ expected: expect.any(String), found: expect.any(String) });
  });

  test('brings back everything else, the message of 300 MB too', () => {
    const good = 10 + [...expected.values()].filter(({ restore }) => restore === null).length;
    expect(counters).toMatchObject({
      source: 10 + expected.size,
      restored: good,
      unrestored: expected.size + 10 - good,
    });
    const cur = join(bench.mailDir, 'example.com/jane/Maildir/cur');
    const sizes = readdirSync(cur).map((name) => statSync(join(cur, name)).size);
    expect(sizes).toHaveLength(good);
    expect(sizes).toContain(HUGE);
    expect(existsSync('/tmp/evil')).toBe(false);
  });

  test('notes what Carbonio itself would refuse, and refuses nothing for it', () => {
    const long = [...expected].filter(([, { verify }]) => verify === 'invalid').map(([item]) => item);
    const noted = report.notes
      .filter(({ text }) => text.includes('a line of 10241 bytes'))
      .map(({ item }) => item);
    expect(noted).toEqual(long);
  });
});

test('in a target with the rule of Carbonio, its answer is the class: invalid', async () => {
  const target = `maildir:${join(bench.folder, 'strict')}?maxLineLength=10240`;
  const { report } = await bench.restore({ target });
  const invalid =
    report.accounts['jane@example.com']?.unrestored.filter(({ class: kind }) => kind === 'invalid') ?? [];
  const predicted = [...expected].filter(([, { verify }]) => verify === 'invalid').map(([item]) => item);
  expect(invalid.map(({ item }) => item)).toEqual(predicted);
});

test('the store is as it was', () => {
  expect(BackupPath.open(bench.store.root).accountIds().ids).toEqual(['a1']);
  expect(existsSync(`${bench.store.root}-outside`)).toBe(true);
});
