/** The look through the journal: what is wrong with one slot stops no other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Setting } from '../../src/contracts/override';
import { Journal } from '../../src/overrides/journal';
import type { OverridePort } from '../../src/overrides/model';
import { reviewOverrides } from '../../src/overrides/review';

const original: Setting = { set: true, value: 'true' };
const wanted: Setting = { set: true, value: 'false' };
const HOUR = 3_600_000;

let dir: string;
let journal: Journal;
let host: Map<string, Setting>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-review-'));
  journal = new Journal(dir);
  host = new Map();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const port: OverridePort = {
  read: async (key) => host.get(key) ?? { set: false },
  write: async (key, value) => void host.set(key, value),
  activate: async () => undefined,
  prove: async () => undefined,
};
function change(slot: string, deadline = Date.now() + HOUR): void {
  const holder = { realm: 'r', operationId: `of-${slot}`, firstRunId: '1' };
  journal.write({
    ...{ version: 1, slot, key: slot, original, wanted, holder, madeAt: 0, deadline, state: 'applied' },
  });
  host.set(slot, wanted);
}
const review = (isRunning: () => Promise<boolean | null>, broken = '') =>
  reviewOverrides(
    {
      ...{ journal, isUsed: true },
      port: (slot) => {
        if (slot === broken) throw new Error('a defect');
        return port;
      },
    },
    isRunning,
  );

test('a stray file, damaged entries and a defect are told, and the others go back', async () => {
  for (const slot of ['a', 'b', 'z']) change(slot);
  // before the others, and between them
  for (const name of ['Copy of a', 'lmtp-validator.old', 'm', '..'])
    writeFileSync(join(dir, `${name}.json`), '{');
  const found = await review(() => Promise.resolve(false), 'b');
  expect(found.map(({ slot, outcome }) => [slot, outcome])).toEqual([
    ['..', 'failed'],
    ['Copy of a', 'failed'],
    ['a', 'reverted'],
    ['b', 'failed'],
    ['lmtp-validator.old', 'failed'],
    ['m', 'failed'],
    ['z', 'reverted'],
  ]);
  expect(found[3]).toMatchObject({ type: 'Unexpected', message: 'a defect' });
  expect(found[4]).toMatchObject({
    type: 'JournalDamaged',
    message: expect.stringContaining('lmtp-validator.old'),
  });
  expect([host.get('a'), host.get('b'), host.get('z')]).toEqual([original, wanted, original]);
});

test('the server cannot be asked: what has time is left alone, and told; what is late goes back', async () => {
  change('a');
  change('late', Date.now() - HOUR);
  const found = await review(() => Promise.reject(new Error('14 UNAVAILABLE')));
  expect(found).toEqual([
    { slot: 'a', outcome: 'held', operationId: 'of-a', unknown: expect.stringContaining('14 UNAVAILABLE') },
    { slot: 'late', outcome: 'reverted', key: 'late', value: original },
  ]);
  expect([host.get('a'), host.get('late')]).toEqual([wanted, original]);
  expect((await review(() => Promise.resolve(null)))[0]).toEqual({
    ...{ slot: 'a', outcome: 'held', operationId: 'of-a' },
  });
});
