/** Why the mail host did not restore an item, found out by reading. */
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobPath } from '../../src/backup-path/layout';
import { BackupPath } from '../../src/backup-path/store';
import { classOf, classOfBlob } from '../../src/carbonio-restore/class-of';
import { accountInfo, mail, TestStore } from '../restore/store';

const dir = mkdtempSync(join(tmpdir(), 'lifeboat-class-'));
const store = new TestStore(join(dir, 'store'));
const at = (digest: string): string => join(store.root, blobPath(digest));
const digests = {
  clean: store.message('a1', 301, mail('clean')),
  long: store.message('a1', 302, mail('long', 'x'.repeat(12_000))),
  cut: store.message('a1', 303, mail('cut')),
  gone: store.message('a1', 304, mail('gone')),
};
store.writer.account(accountInfo('a1', 'jane@example.com'));
truncateSync(at(digests.cut), 40);
store.dropBlob(digests.gone);
afterAll(() => rmSync(dir, { recursive: true }));

test.each([
  [301, digests.clean, 'invalid', /refuses it$/],
  [302, digests.long, 'invalid', /a line of 12000 bytes/],
  [303, digests.cut, 'broken', /gunzip fails/],
  [304, digests.gone, 'read', /ENOENT/],
] as const)('item %d, by its metadata and by its blob alone', async (item, digest, kind, reason) => {
  const opened = BackupPath.open(store.root);
  for (const found of [await classOf(opened, 'a1', item), await classOfBlob(opened.root, item, at(digest))]) {
    expect(found).toMatchObject({ item, class: kind });
    expect(found.reason).toMatch(reason);
  }
});

test('what cannot be told is not classed', async () => {
  expect(await classOf(BackupPath.open(store.root), 'a1', 0)).toMatchObject({ class: 'unclassed' });
  expect(await classOfBlob(store.root, 301, null)).toMatchObject({ class: 'unclassed' });
  // no digest, so nothing that is read by its name: never a path of the host's choosing
  expect(await classOfBlob(store.root, 301, '/etc/passwd')).toMatchObject({ class: 'broken' });
});
