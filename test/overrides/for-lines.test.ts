/** Whether, and how, the validator is changed for given items. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINE_LENGTH_KEY, VALIDATE_KEY, VALIDATOR_SLOT, type Setting } from '../../src/contracts/override';
import type { Problem } from '../../src/failures';
import { changeFor } from '../../src/overrides/for-lines';
import { Journal } from '../../src/overrides/journal';
import { meetsValidator } from '../../src/overrides/meets-validator';
import { ruleBehind } from '../../src/overrides/rule-behind';
import type { ValidatorHost } from '../../src/overrides/validator';

const on = (limit: number) => ({ validates: true, limit });
const line = (bytes: number) => ({ bytes, account: 'a@example.com', item: 7 });
const MIB = 1024 * 1024;

test.each([
  ['to the longest line', line(15_000), {}, on(10_240), '15000'],
  ['to the most', line(MIB), {}, on(10_240), String(MIB)],
  ['to what was asked for', line(2 * MIB), { lineLimit: 20_000 }, on(10_240), '20000'],
  ['where the site has a lower one', line(6000), {}, on(5000), '6000'],
  ['never lowered', line(15_000), {}, on(15_000), null],
  ['never lowered, even if asked for', line(60_000), { lineLimit: 20_000 }, on(50_000), null],
  ['for nothing long', null, {}, on(10_240), null],
  ['while nothing is validated', line(15_000), {}, { validates: false, limit: 10_240 }, null],
] as const)('raised %s', (_, longest, wish, rule, value) => {
  const { change } = changeFor(longest, { disable: false, ...wish }, rule);
  expect(change).toEqual(value === null ? null : { key: LINE_LENGTH_KEY, wanted: { set: true, value } });
});

test('switched off, however long the lines are; not when it is off', () => {
  const wanted = { set: true, value: 'false' };
  const off = { disable: true };
  expect(changeFor(line(2 * MIB), off, on(10_240)).change).toEqual({ key: VALIDATE_KEY, wanted });
  expect(changeFor(line(2 * MIB), off, { validates: false, limit: 10_240 }).change).toBeNull();
});

test('more than 1 MiB is refused, by the name of the item', () => {
  let problem: Problem | undefined;
  try {
    changeFor(line(MIB + 1), { disable: false }, on(10_240));
  } catch (error) {
    problem = error as Problem;
  }
  expect(problem?.type).toBe('LineTooLong');
  expect(problem?.message).toContain('item 7 of a@example.com has a line of 1048577 bytes');
});

const here = { lmtp: { host: '127.0.0.1', port: 7025 } };
const there = { lmtp: { host: 'mail.example.com', port: 7025 } };
test.each([
  [null, here, true],
  ['maildir:/srv/mail?maxLineLength=10240', here, false],
  ['imaps://mail.example.com', there, false],
  ['lmtp://127.0.0.1:7025', here, true],
  ['lmtp://localhost:7025', here, true],
  ['lmtp://[::1]:7025?lookup=imap://localhost', here, true],
  ['lmtp://HOST.example.com', here, true],
  ['lmtp://localhost:24', here, false],
  ['lmtp://mail.example.com', here, false],
  ['lmtp://mail.example.com:7025', there, true],
  ['lmtp://localhost:7025', there, false],
  ['lmtp://', here, false],
])('%s meets the validator of %j: %s', (target, config, meets) => {
  expect(meetsValidator(target, config, 'host.example.com')).toBe(meets);
});

test('a change that is on record is not taken for what the site wants', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-journal-'));
  try {
    const journal = new Journal(dir);
    const validator = {
      read: (key: string): Promise<Setting> =>
        Promise.resolve(key === LINE_LENGTH_KEY ? { set: true, value: '60000' } : { set: false }),
    } as ValidatorHost;
    const overrides = { isUsed: true, journal, validator };
    expect(await ruleBehind(overrides)).toEqual(on(60_000));
    const entry = {
      ...{ version: 1 as const, slot: VALIDATOR_SLOT, key: LINE_LENGTH_KEY, madeAt: 0, deadline: 0 },
      original: { set: false as const },
      wanted: { set: true as const, value: '60000' },
      holder: { realm: 'r', operationId: 'o', firstRunId: 'f' },
    };
    journal.write({ ...entry, state: 'applied' });
    expect(await ruleBehind(overrides)).toEqual(on(10_240));
    journal.write({ ...entry, state: 'left', found: { set: true, value: '60000' } });
    expect(await ruleBehind(overrides)).toEqual(on(60_000));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
