/** The index of a rescue, in a folder where anything may be already. */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeIndex } from '../../src/rescue/index-files';
import { NO_COUNTS } from '../../src/rescue/model';
import { PartWriter } from '../../src/host/parts';

let dir: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-index-'));
  out = join(dir, 'out');
  mkdirSync(out);
  mkdirSync(join(dir, 'parts'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (operationId = 'mine'): Promise<void> =>
  writeIndex(
    { operationId, operationKey: `${operationId} 1` },
    { sourcePath: '/mnt/old', serverId: 's', items: 1, dir, outputDir: out, target: null },
    1,
    { ...NO_COUNTS, noContent: 1 },
  );
const files = (): string[] => readdirSync(out).sort();

test('written again it replaces its own; another operation takes another name', async () => {
  const part = new PartWriter(join(dir, 'parts'), 0);
  const reason = 'a folder has no content';
  part.add({
    account: 'a',
    accountId: 'a',
    item: 7,
    status: 'no-content',
    type: 'folder',
    state: null,
    file: null,
    bytes: 0,
    reason,
  });
  part.publish();
  await write();
  await write();
  expect(files()).toEqual(['index.json', 'index.txt']);
  const text = readFileSync(join(out, 'index.txt'), 'utf8');
  expect(text).toContain('0 lost, 1 without content');
  expect(text).toContain('a item:7: nothing to rescue\n  a folder has no content\n');
  await write('other');
  expect(files()).toHaveLength(4);
  expect(readFileSync(join(out, 'index.txt'), 'utf8')).toBe(text);
});

test.each<[string, (path: string) => void]>([
  ['a folder', (path) => mkdirSync(path)],
  ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  [
    'a link to a FIFO',
    (path) => {
      execFileSync('mkfifo', [join(dir, 'fifo')]);
      symlinkSync(join(dir, 'fifo'), path);
    },
  ],
  ['a link that leads nowhere', (path) => symlinkSync(join(dir, 'nowhere'), path)],
  ['an empty file', (path) => writeFileSync(path, '')],
  [
    'a file of 1 TB',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 1e12);
    },
  ],
])('%s of its name is left alone', async (_, make) => {
  for (const name of ['index.json', 'index.txt']) {
    const path = join(out, name);
    make(path);
    const before = lstatSync(path);
    await write();
    const after = lstatSync(path);
    expect([after.ino, after.mode, after.size]).toEqual([before.ino, before.mode, before.size]);
    expect(files().filter((file) => /^index-[0-9a-f]{8}\./.test(file))).toHaveLength(2);
    rmSync(out, { recursive: true });
    rmSync(join(dir, 'fifo'), { force: true });
    mkdirSync(out);
  }
});
