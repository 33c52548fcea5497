/** The newest of the daily archives of the server's configuration. */
import { mkdirSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { archiveOrder, archiveStamp } from '../../src/backup-path/layout';
import type { ServerConfig } from '../../src/backup-path/model';
import { defectOf, Kit } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const config = (name: string): ServerConfig => ({
  server: { name, attributes: { zimbraMailMode: 'https', list: ['a', 'b'] } },
  global: { attributes: {} },
  domains: [{ id: 'd1', name: 'example.com', attributes: { zimbraDomainStatus: 'active' } }],
  coses: [{ id: 'c1', name: 'default', attributes: {}, backupEnabled: false }],
  distributionLists: [{ id: 'l1', name: 'all@example.com', members: ['jane@example.com'], attributes: {} }],
});
const read = (): ServerConfig | null => kit.open().serverConfig();

test('none', () => {
  expect(read()).toBeNull();
  rmSync(kit.path('server'), { recursive: true });
  expect(read()).toBeNull();
});

test('comes back as it was written', () => {
  kit.made.writer.serverConfig(config('mail'), new Date());
  expect(read()).toEqual(config('mail'));
});

test('the newest by its stamp, across years, whenever and in whatever order it was written', () => {
  const dates = [
    '2024-12-31T23:59:59Z',
    '2025-01-01T00:00:00Z',
    '2025-02-01T00:00:00Z',
    '2025-01-31T10:00:00Z',
    '2025-02-01T00:00:01Z',
    '2019-12-31T23:59:59Z',
  ];
  dates.forEach((date) => kit.made.writer.serverConfig(config(date), new Date(date)));
  expect(read()?.server.name).toBe('2025-02-01T00:00:01Z');
});

test('a stamp is the time in UTC', () => {
  expect(archiveStamp(new Date('2025-02-03T04:05:06Z'))).toBe('03_02_25#04_05_06');
  expect(archiveOrder('config', 'config_03_02_25#04_05_06.json.gz')).toBe('250203040506');
  expect(archiveOrder('customizations', 'customizations_03_02_25#04_05_06.tar.gz')).toBe('250203040506');
});

test('other files are passed over', () => {
  kit.made.writer.serverConfig(config('mail'), new Date('2025-01-01T00:00:00Z'));
  for (const name of [
    'config_01_01_26#00_00_00.json',
    'config_01_01_26#00_00_00.json.gz.tmp',
    'config_1_1_26#00_00_00.json.gz',
    'customizations_01_01_26#00_00_00.tar.gz',
    '.config_01_01_26#00_00_00.json.gz',
  ]) {
    kit.put(`server/${name}`, 'other');
  }
  expect(read()?.server.name).toBe('mail');
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['no gzip data', Buffer.from('{}')],
  ['cut off', gzipSync(JSON.stringify({ server: {} })).subarray(0, 20)],
  ['no JSON', gzipSync('no JSON')],
  ['of another form', gzipSync('{"server":{"attributes":{}},"global":{"attributes":{}}}')],
])('the newest is %s: broken, never an older one in silence', async (_name, content) => {
  kit.made.writer.serverConfig(config('older'), new Date('2025-01-01T00:00:00Z'));
  const path = kit.put('server/config_02_01_25#00_00_00.json.gz', content);
  expect(await defectOf(read)).toMatchObject({ kind: 'broken', path });
});

test('what a damaged configuration holds is not quoted', async () => {
  kit.put('server/config_02_01_25#00_00_00.json.gz', gzipSync('secret'));
  expect((await defectOf(read)).message).not.toContain('sec');
});

test('a folder in its place is a read error', async () => {
  mkdirSync(kit.path('server/config_02_01_25#00_00_00.json.gz'));
  expect(await defectOf(read)).toMatchObject({ kind: 'read', code: 'EISDIR' });
});
