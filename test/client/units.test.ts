import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operationIdOf } from '../../src/client/operation-id';
import { countsText, progressLine, Speed, speedText } from '../../src/client/progress-text';
import { restoreInput, type RestoreOptions } from '../../src/client/restore-options';
import type { Snapshot } from '../../src/client/snapshot';

const PLAIN: RestoreOptions = { restoreDatasource: true, countExcluded: true };
const input = (path: string, options: Partial<RestoreOptions> = {}, cwd = '/srv') =>
  restoreInput(path, { ...PLAIN, ...options }, cwd);

test('sends what was asked for, paths made absolute, and no defaults', () => {
  expect(input('old').request).toEqual({ sourcePath: '/srv/old' });
  const { request } = input('/mnt/old/', {
    target: 'maildir:mail?maxLineLength=10240',
    includeDeleted: true,
    includeSystemAccounts: true,
    restoreDatasource: false,
    maxFileSize: 1000,
  });
  expect(request).toEqual({
    sourcePath: '/mnt/old',
    target: 'maildir:/srv/mail?maxLineLength=10240',
    filterDeleted: false,
    skipSystemAccounts: false,
    restoreDatasource: false,
    maxFileSize: 1000,
  });
});

describe('the id of an operation', () => {
  const id = (path: string, options: Partial<RestoreOptions> = {}, target = 'maildir:/t') =>
    operationIdOf(input(path, options).input, target);

  test('is the same for the same restore, however fast and however written', () => {
    const accounts = ['a@example.com', 'b@example.com'];
    const one = id('/mnt/old', { accounts });
    expect(one).toMatch(/^external-restore\/old-[0-9a-f]{12}$/);
    expect(id('/mnt/./old/', { accounts: ['B@example.com', ...accounts], concurrentAccounts: 9 })).toBe(one);
    expect(id('/mnt/old', { accounts, target: 'maildir:/t', notifications: ['x@example.com'] })).toBe(one);
  });

  test('is another one for another source, target or rule', () => {
    const ids = [
      id('/mnt/old'),
      id('/mnt2/old'),
      id('/mnt/old', { target: 'maildir:/u' }),
      id('/mnt/old', { includeDeleted: true }),
      id('/mnt/old', { domains: ['example.com'] }),
      id('/mnt/old', { maxFileSize: 5 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('follows symbolic links, and is safe whatever the folder is called', () => {
    const dir = mkdtempSync(join(tmpdir(), 'lifeboat-id-'));
    try {
      symlinkSync(dir, join(dir, 'link'));
      const digest = (path: string) => id(path).slice(-12);
      expect(digest(join(dir, 'link'))).toBe(digest(dir));
    } finally {
      rmSync(dir, { recursive: true });
    }
    expect(id('/mnt/höhe 7\n')).toMatch(/^external-restore\/h_he_7_?-[0-9a-f]{12}$/);
    expect(id('/')).toMatch(/^external-restore\/root-/);
  });
});

describe('progress in words', () => {
  const snapshot: Snapshot = {
    phase: 'items',
    done: 1350,
    total: 3000,
    unit: 'items',
    counts: { restored: 1300, skipped: 47, filtered: 0, unrestored: 3 },
    waiting: null,
    cancelling: false,
    answered: true,
  };

  test('amount, counts, speed and time left', () => {
    expect(progressLine(snapshot, 210)).toBe(
      'items: 1,350 of 3,000 (45 %); 1,300 restored, 47 skipped, 3 unrestored; 210/s, 8 s left',
    );
    expect(countsText({ ...snapshot, counts: null })).toBe('');
    expect(speedText({ ...snapshot, total: 0 }, 2.25)).toBe('2.3/s');
  });

  test('why it waits, on one line whatever the message', () => {
    const line = progressLine({ ...snapshot, waiting: 'disk\nfull \u001b[31m', cancelling: true }, 210);
    expect(line).toBe('cancelling (items): 1,350 of 3,000 (45 %); waiting: disk\\nfull \\u001b[31m');
  });

  test('the speed is that of the last seconds, and starts anew when the count goes back', () => {
    const speed = new Speed();
    speed.add(0, 0);
    expect(speed.perSecond()).toBeNull();
    for (let second = 1; second <= 60; second++) speed.add(second * 1000, second <= 30 ? second * 100 : 3000);
    expect(speed.perSecond()).toBeNull();
    speed.add(61_000, 3160);
    expect(speed.perSecond()).toBeCloseTo(160 / 15, 0);
    speed.add(62_000, 10);
    expect(speed.perSecond()).toBeNull();
  });
});
