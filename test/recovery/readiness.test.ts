/** What is looked at on a new server and needs no mail host. */
import { compareVersions, ownName, readiness } from '../../src/recovery/readiness';

const bare = { host: null, source: '/not-read', versions: { source: null, here: null } };

test('a machine whose name has no address is told to enter it', async () => {
  // longer than a label may be: no name server is asked
  const look = await ownName('x'.repeat(64));
  expect(look).toMatchObject({ ok: false });
  expect(look.found).toMatch(/has no address \(E\w+\)/);
  expect(look.remedy).toContain('/etc/hosts');
  expect(await ownName('localhost')).toMatchObject({ ok: true, remedy: '' });
});

test('a clock that is behind the newest change of the source', async () => {
  const clockOf = async (newest: Date) =>
    (await readiness({ ...bare, newest: newest.toISOString() })).find(({ what }) => what === 'Clock');
  expect(await clockOf(new Date(Date.now() + 3_600_000))).toMatchObject({ ok: false });
  expect(await clockOf(new Date(Date.now() - 1_000))).toMatchObject({ ok: true });
});

test.each([
  ['25.3.1', '24.12.0', 1],
  ['24.12.0_ZEXTRAS_202412', '24.12.0', 1],
  ['24.9', '24.12', -1],
  ['24.12', '24.12.0', 0],
])('%s against %s', (a, b, expected) => {
  expect(Math.sign(compareVersions(a, b))).toBe(expected);
});
