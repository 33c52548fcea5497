/** How a verification runs: stopped and resumed, its progress, a store that goes away. */
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobPath } from '../../src/backup-path/layout';
import { verifyStore, type VerifyOptions } from '../../src/backup-path/verify';
import { BlobIndex, fingerprint, newFolder } from '../../src/backup-path/verify-index';
import { hasLongLine, LONGEST_LINE, longestLine } from '../../src/backup-path/verify-lines';
import type { VerifyCursor, VerifyFinding, VerifyProgress } from '../../src/backup-path/verify-model';
import { LineLength } from '../../src/mail/maildir/line-length';
import { accountInfo } from '../restore/store';
import { ACCOUNT, Kit, sha256 } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const ITEMS = 400;
const told = (findings: VerifyFinding[]): string[] =>
  findings.map(({ account, item, class: kind, path }) => `${account} ${item} ${kind} ${path}`).sort();

/** Items in three accounts, every 20th damaged, and 30 orphans, of which 3 are damaged. */
function fill(): void {
  for (const account of ['a2', 'a3']) kit.made.writer.account(accountInfo(account, `${account}@example.com`));
  for (let i = 0; i < ITEMS; i++) {
    const digest = kit.made.message(
      `a${(i % 3) + 1}`,
      257 + i,
      Buffer.from(`Subject: ${i}\r\n\r\nHello.\r\n`),
    );
    if (i % 20 === 0) truncateSync(kit.path(blobPath(digest)), 30);
  }
  for (let i = 0; i < 30; i++) {
    const digest = kit.made.writer.blob(Buffer.from(`orphan ${i}`));
    if (i % 10 === 0) truncateSync(kit.path(blobPath(digest)), 20);
  }
}

const TOTALS = { blobs: ITEMS + 30, items: ITEMS, accounts: 3, orphans: 30 };

test.each([1, 2])(
  'stopped again and again, it finds in the end what it finds at once (%d threads)',
  async (threads) => {
    fill();
    const atOnce: VerifyFinding[] = [];
    const whole = await verifyStore(kit.root, { threads, onFinding: (finding) => atOnce.push(finding) });
    expect(whole).toMatchObject({ ...TOTALS, complete: true, findings: { broken: 23, read: 1 } });

    const stateFile = join(kit.base, 'state');
    const findings: VerifyFinding[] = [];
    let cursor: VerifyCursor | null = null;
    let slices = 0;
    for (; ; slices++) {
      const stop = new AbortController();
      // through JSON, as a workflow would carry it
      const given: VerifyCursor | null =
        cursor === null ? null : (JSON.parse(JSON.stringify(cursor)) as VerifyCursor);
      const summary = await verifyStore(kit.root, {
        threads,
        stateFile,
        cursor: given,
        signal: stop.signal,
        onFinding: (finding) => findings.push(finding),
        onProgress: () => stop.abort(),
      });
      if (summary.complete) {
        expect(summary).toEqual(whole);
        break;
      }
      expect(summary.orphans).toBeNull();
      expect(summary.cursor).not.toBeNull();
      expect(summary.cursor).not.toEqual(cursor);
      cursor = summary.cursor;
      expect(slices).toBeLessThan(100);
    }
    expect(slices).toBeGreaterThan(1);
    expect(told(findings)).toEqual(told(atOnce));
  },
);

test('stopped before it began, it has done nothing and goes on from the start', async () => {
  fill();
  const stateFile = join(kit.base, 'state');
  const first = await verifyStore(kit.root, { stateFile, signal: AbortSignal.abort() });
  expect(first).toMatchObject({
    complete: false,
    blobs: 0,
    items: 0,
    cursor: { phase: 'blobs', after: null },
  });
  expect(await verifyStore(kit.root, { stateFile, cursor: first.cursor })).toMatchObject({
    ...TOTALS,
    complete: true,
  });
});

test('without a state file a stopped one cannot be resumed', async () => {
  fill();
  const summary = await verifyStore(kit.root, { signal: AbortSignal.abort() });
  expect(summary).toMatchObject({ complete: false, cursor: null });
});

test('a state file that is missing, cut off or of another verification is refused', async () => {
  fill();
  const stateFile = join(kit.base, 'state');
  const stop = new AbortController();
  const options: VerifyOptions = {
    threads: 1,
    stateFile,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  };
  const { cursor } = await verifyStore(kit.root, options);
  const resume = (change: Partial<VerifyCursor> = {}) =>
    verifyStore(kit.root, { stateFile, cursor: { ...(cursor as VerifyCursor), ...change } });
  await expect(resume({ id: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({
    type: 'StateUnavailable',
    message: expect.stringContaining('another verification'),
  });
  const state = readFileSync(stateFile);
  writeFileSync(stateFile, state.subarray(0, state.length - 1));
  await expect(resume()).rejects.toMatchObject({ type: 'StateUnavailable' });
  rmSync(stateFile);
  await expect(resume()).rejects.toMatchObject({ type: 'StateUnavailable', details: { path: stateFile } });
  writeFileSync(stateFile, state);
  await expect(resume()).resolves.toMatchObject({ complete: true, ...TOTALS });
});

test('a state file that cannot be written is told, and nothing half-written stays', async () => {
  const stateFile = join(kit.base, 'no such folder/state');
  await expect(verifyStore(kit.root, { stateFile, signal: AbortSignal.abort() })).rejects.toMatchObject({
    type: 'StateUnavailable',
  });
  expect(existsSync(`${stateFile}.tmp`)).toBe(false);
});

test('blobs that came after their folder was read are not taken for missing', async () => {
  fill();
  const stateFile = join(kit.base, 'state');
  const stop = new AbortController();
  let phase = '';
  const first = await verifyStore(kit.root, {
    threads: 1,
    stateFile,
    signal: stop.signal,
    onProgress: (progress: VerifyProgress) => {
      ({ phase } = progress);
      stop.abort();
    },
  });
  expect(phase).toBe('blobs');
  for (let i = 0; i < 50; i++) kit.made.message(ACCOUNT, 5000 + i, Buffer.from(`later ${i}`));
  const findings: VerifyFinding[] = [];
  await verifyStore(kit.root, {
    stateFile,
    cursor: first.cursor,
    onFinding: (finding) => findings.push(finding),
  });
  expect(findings.filter(({ item }) => item !== null && item >= 5000)).toEqual([]);
});

test('progress grows to the end of each phase', async () => {
  fill();
  const seen: VerifyProgress[] = [];
  await verifyStore(kit.root, { threads: 2, onProgress: (progress) => seen.push(progress) });
  expect(seen.length).toBeGreaterThan(0);
  for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total);
  expect(seen.at(-1)).toMatchObject({ phase: 'orphans', blobs: TOTALS.blobs, items: TOTALS.items });
});

test('a store that goes away is a failure, not a loss of everything', async () => {
  fill();
  let gone = false;
  const findings: VerifyFinding[] = [];
  const verified = verifyStore(kit.root, {
    threads: 2,
    onFinding: (finding) => findings.push(finding),
    onProgress: () => {
      if (!gone) renameSync(kit.root, join(kit.base, 'away'));
      gone = true;
    },
  });
  await expect(verified).rejects.toMatchObject({ type: 'SourceUnavailable' });
  expect(findings.filter(({ class: kind }) => kind === 'read')).toEqual([]);
});

test('a failure of whoever takes the findings ends it', async () => {
  fill();
  const onFinding = (): void => {
    throw new Error('the disk is full');
  };
  await expect(verifyStore(kit.root, { threads: 2, onFinding })).rejects.toThrow('the disk is full');
});

test('what is no Backup Path is refused as by the reader', async () => {
  await expect(verifyStore(join(kit.base, 'missing'))).rejects.toMatchObject({ type: 'SourceNotFound' });
});

test('many findings reach a slow taker, all of them', async () => {
  for (let i = 0; i < 20_000; i++) kit.putItem(257 + i, '');
  let count = 0;
  const spin = (): void => {
    for (const until = performance.now() + 0.02; performance.now() < until;);
  };
  const { findings } = await verifyStore(kit.root, {
    threads: 2,
    onFinding: () => {
      count++;
      spin();
    },
  });
  expect(findings.broken).toBe(20_000);
  // and the missing server configuration
  expect(count).toBe(20_001);
});

describe('the index', () => {
  const digests = Array.from({ length: 5000 }, (_, i) => sha256(Buffer.from(`blob ${i}`)));

  test('finds what is in it, nothing else, and counts what was not used', () => {
    const byFolder = new Map<string, string[]>();
    for (const digest of digests.slice(0, 4000)) {
      const name = digest.slice(0, 2);
      byFolder.set(name, [...(byFolder.get(name) ?? []), digest]);
    }
    const index = new BlobIndex(
      [...byFolder].map(([name, members]) => {
        const folder = newFolder(name, members.length);
        folder.prints.set(members.map(fingerprint).sort((a, b) => a - b));
        return folder;
      }),
    );
    expect(index.orphans()).toBe(4000);
    for (const digest of digests.slice(0, 1500)) expect(index.use(digest)).toBe(0);
    for (const digest of digests.slice(0, 1500)) expect(index.use(digest)).toBeGreaterThan(0);
    for (const digest of digests.slice(4000)) expect(index.use(digest)).toBeNull();
    expect(index.orphans()).toBe(2500);
  });

  test('a fingerprint is exact in 48 bits and different for different digests', () => {
    const prints = digests.map(fingerprint);
    expect(new Set(prints).size).toBe(digests.length);
    for (const print of prints) expect(Number.isSafeInteger(print) && print < 2 ** 48).toBe(true);
    expect(fingerprint('xxAAAAAAAAyyyy')).toBe(0);
    expect(fingerprint('xx,,,,,,,,yyyy')).toBe(2 ** 48 - 1);
    expect(fingerprint('xxAAAAAAABAAAA')).toBe(1);
  });
});

describe('long lines', () => {
  const both = async (bytes: Buffer): Promise<[boolean, number]> => [
    hasLongLine(bytes),
    await longestLine({
      kind: 'memory',
      bytes,
      size: bytes.length,
      doubleGzipped: false,
      trailingBytes: false,
    }),
  ];
  const x = (length: number): string => 'x'.repeat(length);

  test.each([
    ['', false],
    [x(LONGEST_LINE), false],
    [x(LONGEST_LINE + 1), true],
    [`${x(LONGEST_LINE)}\r\n${x(LONGEST_LINE)}`, false],
    [`${x(LONGEST_LINE)}\n${x(LONGEST_LINE + 1)}`, true],
    [`a\n${x(LONGEST_LINE + 1)}\nb`, true],
    [`a\n${x(LONGEST_LINE)}\r${x(LONGEST_LINE)}\n`, false],
    [`${x(LONGEST_LINE + 1)}\r\n`, true],
    [`${x(5000)}\r${x(5000)}\r${x(5000)}`, false],
    [`\n${x(9000)}\r${x(LONGEST_LINE + 1)}`, true],
  ])('case %#', async (text, expected) => {
    const [long, longest] = await both(Buffer.from(text));
    expect(long).toBe(expected);
    expect(longest > 0).toBe(expected);
  });

  test('the quick answer is the one of the scanner, whatever the lines', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % below;
    };
    let long = 0;
    for (let i = 0; i < 3000; i++) {
      const text = Array.from(
        { length: random(8) },
        () => x(random(30)) + ['\n', '\r', '\r\n', ''][random(4)],
      ).join('');
      const bytes = Buffer.from(text);
      const scanner = new LineLength(20);
      scanner.add(bytes);
      expect([text, hasLongLine(bytes, 20)]).toEqual([text, scanner.tooLong > 0]);
      if (scanner.tooLong > 0) long++;
    }
    expect(long).toBeGreaterThan(500);
    expect(long).toBeLessThan(2900);
  });
});
