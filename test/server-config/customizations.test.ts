/** Archives of customizations, made by the tar of the system, honest and hostile. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SafeFiles } from '../../src/backup-path/safe-fs';
import { extract, look, type Limits } from '../../src/server-config/customizations';
import type { TestStore } from '../restore/store';
import { failure } from '../carbonio/kit';
import { ConfigBench, FIRST } from './kit';

let bench: ConfigBench;
let store: TestStore;
let files: SafeFiles;
beforeEach(() => {
  bench = new ConfigBench();
  store = bench.store('old');
  files = new SafeFiles(store.root);
});
afterEach(() => bench.remove());

const into = (name = 'out'): string => join(bench.dir, name);
const refusal = async (archive: string, limits?: Limits): Promise<string> => {
  const found = await failure(extract(files, archive, into(), limits));
  expect(found.type).toBe('ArchiveRefused');
  expect(existsSync(into())).toBe(false);
  return found.message;
};

test('files come out as they went in, for their owner alone; long names too', async () => {
  const long = `opt/zextras/conf/${'deep/'.repeat(30)}${'n'.repeat(120)}`;
  const archive = bench.customizations(store, FIRST, {
    'opt/zextras/conf/localconfig.xml': '<key/>',
    'opt/zextras/postfix/conf/main.cf': 'x'.repeat(100_000),
    'opt/zextras/conf/empty': '',
    [long]: 'long',
  });
  const contents = await extract(files, archive, into());
  expect(contents).toMatchObject({ files: 4, bytes: 100_010, skipped: { count: 0 } });
  expect(contents.folders).toEqual(['opt/zextras/conf', 'opt/zextras/postfix/conf']);
  expect(readFileSync(join(into(), 'opt/zextras/postfix/conf/main.cf'), 'utf8')).toBe('x'.repeat(100_000));
  expect(readFileSync(join(into(), long), 'utf8')).toBe('long');
  expect(statSync(join(into(), 'opt/zextras/conf/localconfig.xml')).mode & 0o777).toBe(0o600);
  expect(statSync(join(into(), 'opt')).mode & 0o777).toBe(0o700);
});

test.each(['gnu', 'pax', 'ustar'])('the format %s', async (format) => {
  writeFileSync(join(bench.dir, 'ä file'), 'content');
  const archive = bench.pack(store, FIRST, [`--format=${format}`, '-C', bench.dir, 'ä file']);
  await extract(files, archive, into());
  expect(readFileSync(join(into(), 'ä file'), 'utf8')).toBe('content');
});

test('links and pipes are told, and never made', async () => {
  const folder = join(bench.dir, 'in');
  mkdirSync(folder);
  writeFileSync(join(folder, 'file'), 'content');
  symlinkSync('/etc', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  execFileSync('ln', [join(folder, 'file'), join(folder, 'z-hard')]);
  const archive = bench.pack(store, FIRST, ['-C', bench.dir, 'in/file', 'in/link', 'in/pipe', 'in/z-hard']);
  const { skipped, files: count } = await extract(files, archive, into());
  expect(count).toBe(1);
  expect(skipped).toEqual({ count: 3, names: ['in/link', 'in/pipe', 'in/z-hard'] });
  expect(readdirSync(join(into(), 'in'))).toEqual(['file']);
});

test('a name that leads out refuses all of it, before anything is written', async () => {
  writeFileSync(join(bench.dir, 'file'), 'content');
  const out = bench.pack(store, FIRST, ['-C', bench.dir, '--transform=s,file,../../evil,', 'file']);
  expect(await refusal(out)).toMatch(/"\.\.\/\.\.\/evil", which leads out/);
  expect(existsSync(join(bench.dir, '../evil'))).toBe(false);
});

test('an absolute name stays inside the folder', async () => {
  writeFileSync(join(bench.dir, 'file'), 'content');
  const archive = bench.pack(store, FIRST, ['-C', bench.dir, '--transform=s,file,/etc//x/evil,', 'file']);
  await extract(files, archive, into());
  expect(readFileSync(join(into(), 'etc/x/evil'), 'utf8')).toBe('content');
});

test('a link, and a file behind it: the file is in a folder of its own', async () => {
  const folder = join(bench.dir, 'a');
  symlinkSync(bench.dir, folder);
  writeFileSync(join(bench.dir, 'file'), 'content');
  const archive = bench.pack(store, FIRST, ['-C', bench.dir, 'a', '--transform=s,^file,a/file,', 'file']);
  await extract(files, archive, into());
  expect(statSync(join(into(), 'a')).isDirectory()).toBe(true);
  expect(readFileSync(join(into(), 'a/file'), 'utf8')).toBe('content');
});

test('twice the same name, a file in the place of a folder, too much of anything: refused', async () => {
  writeFileSync(join(bench.dir, 'file'), 'content');
  writeFileSync(join(bench.dir, 'other'), 'content');
  const twice = bench.pack(store, FIRST, ['-C', bench.dir, '--hard-dereference', 'file', 'file']);
  expect(await refusal(twice)).toMatch(/twice/);
  const clash = bench.pack(store, FIRST, [
    '-C',
    bench.dir,
    '--transform=s,^file,other/file,',
    'other',
    'file',
  ]);
  expect(await refusal(clash)).toMatch(/twice/);
  const small = bench.pack(store, FIRST, ['-C', bench.dir, 'file', 'other']);
  expect(await refusal(small, { bytes: 10, entries: 100 })).toMatch(/more than 10 bytes/);
  expect(await refusal(small, { bytes: 1000, entries: 1 })).toMatch(/more than 1 entries/);
});

test('what unpacks to far more than it may is left at the limit', async () => {
  const archive = bench.customizations(store, FIRST, { file: 'content' });
  // a gzip of nothing but zero bytes behind the end of the archive
  const tar = execFileSync('gunzip', ['-c', archive]);
  writeFileSync(archive, gzipSync(Buffer.concat([tar, Buffer.alloc(5_000_000)])));
  expect(await refusal(archive, { bytes: 1_000_000, entries: 10 })).toMatch(/unpacks to more than/);
});

test.each([
  ['cut off', (path: string) => truncateSync(path, 60)],
  ['no gzip', (path: string) => writeFileSync(path, 'x')],
  ['no tar', (path: string) => writeFileSync(path, gzipSync('x'.repeat(2_000)))],
  [
    'half a tar',
    (path: string) => writeFileSync(path, gzipSync(execFileSync('gunzip', ['-c', path]).subarray(0, 700))),
  ],
])('%s: refused', async (_what, damage) => {
  const archive = bench.customizations(store, FIRST, { file: 'content'.repeat(100) });
  damage(archive);
  await refusal(archive);
});

test('a folder that is not empty, a file, a link: nothing is touched', async () => {
  const archive = bench.customizations(store, FIRST, { file: 'content' });
  mkdirSync(into('full'));
  writeFileSync(join(into('full'), 'mine'), 'mine');
  symlinkSync(bench.dir, into('link'));
  for (const name of ['full', 'full/mine', 'link'])
    expect((await failure(extract(files, archive, into(name)))).type).toBe('OutputExists');
  expect(readdirSync(into('full'))).toEqual(['mine']);
});

test('an archive that is a link out of the Backup Path is not read', async () => {
  const archive = bench.customizations(store, FIRST, { file: 'content' });
  execFileSync('mv', [archive, join(bench.dir, 'moved')]);
  symlinkSync(join(bench.dir, 'moved'), archive);
  expect((await failure(look(files, archive))).type).toBe('SavedConfigDamaged');
});
