/** A store of 100,000 files: the time of a sync is in bench/offsite.mjs, that it is right is here. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { itemPath } from '../../src/backup-path/layout';
import { mail } from '../restore/store';
import { describeRsync, Offsite } from './kit';

const ITEMS = 50_000;
const FOLDERS = 100;
/** Names of one file: ext4 allows 65,000. */
const NAMES = 25_000;

let ground: Offsite;
beforeEach(() => {
  ground = new Offsite();
});
afterEach(() => ground.clean());

/** Links cost little to make, and are files of their own in the copy. */
function fillByLinks(): void {
  ground.fill(1, 1);
  const { source } = ground;
  const metadata = readFileSync(join(source, itemPath('a1', 257)));
  for (let n = 0; n < FOLDERS; n++) {
    const two = String(n).padStart(2, '0');
    mkdirSync(join(source, `accounts/a1/items/${two}`), { recursive: true });
    mkdirSync(join(source, `items/${two}`), { recursive: true });
  }
  let [item, blob] = ['', ''];
  for (let n = 0; n < ITEMS; n++) {
    const id = 1000 + n;
    const to = [
      join(source, itemPath('a1', id)),
      join(source, `items/${String(n % FOLDERS).padStart(2, '0')}/${n}`),
    ];
    if (n % NAMES === 0) {
      [item, blob] = to as [string, string];
      writeFileSync(item, metadata);
      writeFileSync(blob, `blob ${n}`);
    } else {
      linkSync(item, to[0] as string);
      linkSync(blob, to[1] as string);
    }
  }
}

describeRsync('100,000 files', () => {
  test('a first copy, no change, one change and one deletion', async () => {
    fillByLinks();
    const { passes, leftOut } = await ground.sync();
    expect(leftOut).toBe(0);
    expect(passes.reduce((sum, { files }) => sum + files, 0)).toBeGreaterThan(2 * ITEMS);
    expect((await ground.sync()).passes).toEqual([]);
    ground.store.message('a1', 900_000, mail('new'));
    rmSync(join(ground.source, itemPath('a1', 1000)));
    const { survey } = await ground.sync({ delete: 'now' });
    expect(survey).toMatchObject({ files: 2, deletions: 1 });
    expect(ground.differences()).toEqual([]);
  }, 300_000);
});
