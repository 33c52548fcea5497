import * as fs from 'node:fs';
import { join } from 'node:path';
import { openTarget } from '../../src/mail/open-target';
import { JANE, scratch } from './helpers';

test('extras are listed, added to, and never written over what is not ours', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const file = join(directory, 'example.com', 'jane', 'extras.json');
  const mountpoint = (itemId: number) => ({ itemId, folder: 1, name: `m${itemId}` });
  const share = { folder: 'Work', grantee: 'jack@example.com', rights: 'r' };
  const none = { mountpoints: [], shares: [], dataSources: [] };
  expect(await target.addExtras(JANE, none)).toEqual([]);
  expect(fs.existsSync(file)).toBe(false);
  expect(
    await target.addExtras(JANE, { ...none, mountpoints: [1, 2, 3].map(mountpoint), shares: [share] }),
  ).toEqual(['3 mountpoints and 1 share are listed in extras.json; a Maildir has no such thing.']);
  const source = { name: 'old', type: 'imap', host: 'h', user: 'u' };
  expect(
    await target.addExtras(JANE, { mountpoints: [mountpoint(4)], shares: [share], dataSources: [source] }),
  ).toEqual([
    '1 mountpoint, 1 share and 1 data source are listed in extras.json; a Maildir has no such thing.',
  ]);
  expect(await target.addExtras(JANE, { ...none, shares: [share] })).toEqual([
    '1 share is listed in extras.json; a Maildir has no such thing.',
  ]);
  expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual({
    format: 'lifeboat/extras/1',
    mountpoints: [1, 2, 3, 4].map(mountpoint),
    shares: [share],
    dataSources: [source],
  });
  fs.writeFileSync(file, 'mine');
  const [said] = await target.addExtras(JANE, { ...none, shares: [share] });
  expect(said).toContain('left as it was');
  expect(fs.readFileSync(file, 'utf8')).toBe('mine');
});
