/** The library of overrides, with a host that is a few lines of memory: every order of events, and every crash between two. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Setting } from '../../src/contracts/override';
import { Problem } from '../../src/failures';
import { Journal } from '../../src/overrides/journal';
import { isSameSetting, type OverrideHolder, type OverridePort } from '../../src/overrides/model';
import { applyOverride, revertOverride, type OverrideWish } from '../../src/overrides/override';

const set = (value: string): Setting => ({ set: true, value });
const UNSET: Setting = { set: false };
const OURS: OverrideHolder = { realm: 'r', operationId: 'mine', firstRunId: '1' };
const OTHER: OverrideHolder = { ...OURS, operationId: 'other' };

/** What is written, what the running server uses, and a plug to pull before a step. */
class Host implements OverridePort {
  live: Setting;
  steps: string[] = [];
  failAt: string | null = null;
  /** What is written when nobody can see what the server does. */
  hidden: Setting | null = null;
  unprovable = (change?: { value: Setting }): Promise<string | null> =>
    Promise.resolve(
      this.hidden && isSameSetting(change?.value ?? this.written, this.hidden) ? 'it is too long' : null,
    );
  constructor(public written: Setting) {
    this.live = written;
  }
  private step(name: string): void {
    if (this.failAt === name) throw new Problem('OverrideNotProved', `broken at ${name}.`);
    this.steps.push(name);
  }
  read = (): Promise<Setting> => Promise.resolve().then(() => (this.step('read'), this.written));
  write = (_key: string, value: Setting): Promise<void> =>
    Promise.resolve().then(() => {
      this.step('write');
      this.written = value;
    });
  activate = (): Promise<void> =>
    Promise.resolve().then(() => {
      this.step('activate');
      this.live = this.written;
    });
  prove = (): Promise<void> => Promise.resolve().then(() => this.step('prove'));
}

let dir: string;
let journal: Journal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-journal-'));
  journal = new Journal(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const wish = (wanted: Setting, holder = OURS): OverrideWish => ({
  slot: 'validator',
  key: 'k',
  wanted,
  holder,
  deadline: 1_000_000,
});
const yes = (): Promise<void> => Promise.resolve();
const apply = (host: Host, wanted: Setting, holder = OURS) =>
  applyOverride(journal, host, wish(wanted, holder), yes);
const revert = (host: Host, holder: OverrideHolder | null = OURS) =>
  revertOverride(journal, host, 'validator', holder);
const typeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error as Problem).type,
  );

describe.each([
  ['true', set('true')],
  ['false', set('false')],
  ['not set', UNSET],
])('a value that is %s', (_, original) => {
  test.each(['none', 'write', 'activate', 'prove'])(
    'goes back after a crash of the change before: %s',
    async (crash) => {
      const host = new Host(original);
      host.failAt = crash;
      const crashes = crash !== 'none' && !(crash === 'write' && original.set && original.value === 'false');
      expect(await typeOf(apply(host, set('false')))).toBe(crashes ? 'OverrideNotProved' : 'none');
      host.failAt = null;
      // a reset, or another attempt: the original is that of the journal, not what the host has by now
      await apply(host, set('false'));
      expect(host.live).toEqual(set('false'));
      expect(journal.read('validator')).toMatchObject({ original, state: 'applied' });
      expect(await revert(host)).toEqual({ outcome: 'reverted', key: 'k', value: original });
      expect([host.written, host.live]).toEqual([original, original]);
      expect(journal.slots()).toEqual([]);
    },
  );

  test.each(['read', 'write', 'activate', 'prove'])(
    'goes back though the way back crashes at first: %s',
    async (crash) => {
      const host = new Host(original);
      await apply(host, set('12345'));
      host.failAt = crash;
      expect(await typeOf(revert(host))).not.toBe('none');
      expect(journal.read('validator')?.original).toEqual(original);
      host.failAt = null;
      expect(await revert(host)).toMatchObject({ outcome: 'reverted' });
      expect([host.written, host.live]).toEqual([original, original]);
      expect(await revert(host)).toEqual({ outcome: 'nothing' });
    },
  );
});

test('back on disk while the server is down: pending, and the entry stays until the server was seen to follow', async () => {
  const host = new Host(UNSET);
  await apply(host, set('20000'));
  host.failAt = 'activate';
  expect(await typeOf(revert(host))).toBe('ReloadPending');
  expect(host.written).toEqual(UNSET);
  expect(host.live).toEqual(set('20000'));
  expect(journal.read('validator')?.state).toBe('reload pending');
  host.failAt = null;
  expect(await revert(host)).toMatchObject({ outcome: 'reverted' });
  expect(host.live).toEqual(UNSET);
});

test('scanner and schedules do not go back while the Backup Path is that of a copy, for nobody', async () => {
  const [scanner, path] = [new Host(set('TRUE')), new Host(set('/own'))];
  const begin = (host: Host, slot: string, wanted: string): Promise<unknown> =>
    applyOverride(journal, host, { ...wish(set(wanted)), slot }, yes);
  await begin(scanner, 'real-time-scanner', 'FALSE');
  await begin(path, 'backup-path', '/copy');
  path.failAt = 'read';
  expect(await typeOf(revertOverride(journal, path, 'backup-path', OURS))).toBe('OverrideNotProved');
  for (const who of [OURS, null])
    expect(await typeOf(revertOverride(journal, scanner, 'real-time-scanner', who))).toBe('OverrideBusy');
  expect(scanner.live).toEqual(set('FALSE'));
  path.failAt = null;
  expect(await revertOverride(journal, path, 'backup-path', OURS)).toMatchObject({ outcome: 'reverted' });
  expect(await revertOverride(journal, scanner, 'real-time-scanner', OURS)).toMatchObject({
    outcome: 'reverted',
  });
});

test('the original is on disk before the host is changed', async () => {
  const host = new Host(set('true'));
  host.write = (): Promise<void> => {
    expect(JSON.parse(readFileSync(join(dir, 'validator.json'), 'utf8'))).toMatchObject({
      original: set('true'),
    });
    host.written = set('false');
    return Promise.resolve();
  };
  await apply(host, set('false'));
  expect(host.live).toEqual(set('false'));
});

test('two at once: the second is refused while the first has it, and finds the true original afterwards', async () => {
  const host = new Host(set('true'));
  const ends = await Promise.allSettled([apply(host, set('false'), OURS), apply(host, set('20000'), OTHER)]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const first = ends[0]?.status === 'fulfilled' ? OURS : OTHER;
  const second = first === OURS ? OTHER : OURS;
  expect(await typeOf(apply(host, set('30000'), second))).toBe('OverrideBusy');
  // nor does the second put back what is not its own
  expect(await revert(host, second)).toEqual({ outcome: 'nothing' });
  await revert(host, first);
  await apply(host, set('30000'), second);
  expect(journal.read('validator')?.original).toEqual(set('true'));
  await revert(host, second);
  expect(host.live).toEqual(set('true'));
});

test('somebody changes it meanwhile: their value stays, is used, and is told until a person has seen it', async () => {
  const host = new Host(set('true'));
  await apply(host, set('false'));
  host.written = set('banana');
  const left = { outcome: 'left', key: 'k', original: set('true'), found: set('banana') };
  expect(await typeOf(apply(host, set('false')))).toBe('OverrideConflict');
  expect(await revert(host)).toEqual(left);
  expect(host.live).toEqual(set('banana'));
  expect(await revert(host)).toEqual(left);
  expect(journal.read('validator')).toMatchObject({ state: 'left', found: set('banana') });
  // the next one goes back to theirs
  await apply(host, set('false'), OTHER);
  await revert(host, OTHER);
  expect(host.live).toEqual(set('banana'));

  await apply(host, set('false'));
  host.written = set('mine');
  await revert(host);
  expect(await revert(host, null)).toMatchObject({ outcome: 'left' });
  expect(journal.slots()).toEqual([]);
});

test('the holder ended while it waited: nothing is changed', async () => {
  const host = new Host(set('true'));
  const gone = (): Promise<void> => Promise.reject(new Problem('HolderGone', 'It has ended.'));
  expect(await typeOf(applyOverride(journal, host, wish(set('false')), gone))).toBe('HolderGone');
  expect([host.written, journal.slots()]).toEqual([set('true'), []]);
});

test.each([
  ['there', set('false')],
  ['back', set('true')],
])('what could not be proved on the way %s is not changed', async (_way, hidden) => {
  const host = new Host(set('true'));
  host.hidden = hidden;
  expect(await typeOf(apply(host, set('false')))).toBe('OverrideNotProvable');
  expect([host.written, host.steps, journal.slots()]).toEqual([set('true'), ['read'], []]);
});

test('what cannot be proved on the way back is back after the reload, with a note', async () => {
  const host = new Host(set('true'));
  await apply(host, set('false'));
  host.hidden = set('true');
  host.failAt = 'prove';
  const note = 'only the reload shows that the running server follows: it is too long';
  expect(await revert(host)).toEqual({ outcome: 'reverted', key: 'k', value: set('true'), note });
  expect([host.live, journal.slots()]).toEqual([set('true'), []]);

  host.failAt = null;
  host.hidden = null;
  await apply(host, set('false'));
  host.written = host.hidden = set('banana');
  host.failAt = 'prove';
  expect(await revert(host)).toMatchObject({ outcome: 'left', found: set('banana'), note });
  expect(host.live).toEqual(set('banana'));
});

test('a journal that cannot be understood is a failure, and is left as it is', async () => {
  const host = new Host(set('true'));
  await apply(host, set('false'));
  for (const text of [
    '',
    '{',
    '{}',
    '[1]',
    JSON.stringify({ ...journal.read('validator'), slot: 'other' }),
  ]) {
    writeFileSync(join(dir, 'validator.json'), text);
    for (const ended of [revert(host), apply(host, set('false'))])
      expect(await typeOf(ended)).toBe('JournalDamaged');
    expect(readFileSync(join(dir, 'validator.json'), 'utf8')).toBe(text);
    expect(host.written).toEqual(set('false'));
  }
  expect(journal.slots()).toEqual(['validator']);
});

test('a folder into which others can write is no journal', () => {
  chmodSync(dir, 0o777);
  expect(() => new Journal(dir)).toThrow(/nobody else may write/);
});
