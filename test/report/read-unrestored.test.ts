/** A report that is read back may come from anywhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readUnrestored } from '../../src/report/read-unrestored';

const dir = mkdtempSync(join(tmpdir(), 'lifeboat-report-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function read(id: string, item: number): unknown {
  const file = join(dir, 'report.json');
  const accounts = { 'jane@example.com': { id, unrestored: [{ item, class: 'broken' }] } };
  const places = { source: { path: '/mnt/old', serverId: 's' }, target: { url: 'maildir:/srv/mail' } };
  writeFileSync(file, JSON.stringify({ operationId: 'op', ...places, accounts }));
  return readUnrestored(dir, file);
}

test('ids of accounts and items are what they must be', () => {
  expect(read('1111-2222', 301)).toMatchObject({ operationId: 'op' });
  // a file in the metadata whose name is no id, as a restore lists it
  expect(read('1111-2222', 999_999_999_999_999)).toMatchObject({ operationId: 'op' });
});

test.each([
  ['../../../etc', 301],
  ['a/b', 301],
  ['', 301],
  ['1111-2222', -1],
  ['1111-2222', 1.5],
  ['1111-2222', 1e15],
  ['1111-2222', 2 ** 60],
])('an account %j with an item %p leads nowhere', (id, item) => {
  expect(() => read(id, item)).toThrow(/report .* cannot be read/);
});
