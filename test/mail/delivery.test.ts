import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Problem } from '../../src/failures';
import { current, keyOf, listed, message, never, openJane, scratch } from './helpers';

const at = (directory: string, ...more: string[]): string =>
  join(directory, 'example.com', 'jane', 'Maildir', ...more);
const stream = (...chunks: Buffer[]) => ({
  kind: 'stream' as const,
  size: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  open: () => Readable.from(chunks),
});
const digest = (bytes: Buffer): string =>
  createHash('sha256').update(bytes).digest('base64').replaceAll('/', ',');

test('a message is invisible until the commit, and then complete', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const { folder } = await mailbox.folder(undefined, 'Größe', never);
  const date = 1_234_567_890_000;
  const tags = ['Work', 'Later'];
  expect(await mailbox.deliver(message(7, { folder, flags: 'fr', tags, date }))).toEqual({
    kind: 'accepted',
    notes: [],
  });
  expect(fs.readdirSync(at(directory, folder, 'cur'))).toEqual([]);
  expect(fs.readdirSync(at(directory, folder, 'tmp'))).toHaveLength(1);
  expect(fs.existsSync(at(directory, folder, 'dovecot-keywords'))).toBe(false);

  let asked = 0;
  await mailbox.commit(() => {
    asked++;
    // What the file names say is on disk before they can be seen.
    expect(fs.readFileSync(at(directory, folder, 'dovecot-keywords'), 'utf8')).toBe('0 Work\n1 Later\n');
    expect(fs.readdirSync(at(directory, folder, 'cur'))).toEqual([]);
  });
  expect(asked).toBe(1);
  const file = at(directory, '.Gr&APYA3w-e', 'cur', `7.L${keyOf(7)}.lifeboat:2,FRSab`);
  expect(fs.readFileSync(file, 'utf8')).toBe('Subject: 7\r\n\r\nHello\r\n');
  expect(fs.statSync(file).mtimeMs).toBe(date);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.statSync(file).nlink).toBe(1);
  expect(fs.readdirSync(at(directory, folder, 'tmp'))).toEqual([]);
});

test('a large message is streamed, byte for byte', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const chunks = Array.from({ length: 150 }, (_unused, n) => Buffer.alloc(65_536, `${n}\n`));
  await mailbox.deliver(message(1, { content: stream(...chunks) }));
  await mailbox.commit(current);
  const file = fs.readFileSync(at(directory, 'cur', `1.L${keyOf(1)}.lifeboat:2,S`));
  expect(file.equals(Buffer.concat(chunks))).toBe(true);
});

test('a stale attempt makes nothing visible, and close removes what it wrote', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  for (let id = 1; id <= 40; id++) await mailbox.deliver(message(id));
  const stale = new Problem('StaleAttempt', 'a newer attempt has taken over');
  await expect(
    mailbox.commit(() => {
      throw stale;
    }),
  ).rejects.toBe(stale);
  expect(fs.readdirSync(at(directory, 'cur'))).toEqual([]);
  expect(fs.readdirSync(at(directory, 'tmp'))).toHaveLength(40);
  await mailbox.close();
  expect(fs.readdirSync(at(directory, 'tmp'))).toEqual([]);
});

test('delivering again changes nothing', async () => {
  const directory = scratch();
  const first = await openJane(directory);
  await first.deliver(message(1, { date: 1_000_000_000_000 }));
  await first.commit(current);
  const second = await openJane(directory);
  await second.deliver(
    message(1, { date: 5000, content: { kind: 'memory', bytes: Buffer.from('something else') } }),
  );
  await second.commit(current);
  const file = at(directory, 'cur', `1.L${keyOf(1)}.lifeboat:2,S`);
  expect(fs.readdirSync(at(directory, 'cur'))).toHaveLength(1);
  expect(fs.readFileSync(file, 'utf8')).toContain('Subject: 1');
  expect(fs.statSync(file).mtimeMs).toBe(1_000_000_000_000);
  expect(fs.readdirSync(at(directory, 'tmp'))).toEqual([]);
});

test('a failed source leaves nothing, its own error is passed on, and the next message is taken', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const failure = new Error('the source broke');
  const open = () =>
    Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw failure;
      })(),
    );
  await expect(mailbox.deliver(message(1, { content: { kind: 'stream', size: 10, open } }))).rejects.toBe(
    failure,
  );
  expect(fs.readdirSync(at(directory, 'tmp'))).toEqual([]);
  await mailbox.deliver(message(2));
  await mailbox.commit(current);
  expect(fs.readdirSync(at(directory, 'cur'))).toEqual([`2.L${keyOf(2)}.lifeboat:2,S`]);
});

test.each(['memory', 'stream'])('a line that is too long is refused, from %s', async (kind) => {
  const directory = scratch();
  const mailbox = await openJane(directory, '?maxLineLength=100');
  const send = (id: number, text: string) => {
    const bytes = Buffer.from(text);
    const content =
      kind === 'memory'
        ? { kind: 'memory' as const, bytes }
        : stream(bytes.subarray(0, 60), bytes.subarray(60));
    return mailbox.deliver(message(id, { content }));
  };
  expect((await send(1, `${'a'.repeat(100)}\r\n`)).kind).toBe('accepted');
  expect(await send(2, `${'a'.repeat(101)}\r\n${'b'.repeat(300)}`)).toEqual({
    kind: 'invalid',
    reason: 'It has a line of 300 bytes; this target takes lines of at most 100 bytes.',
  });
  await mailbox.commit(current);
  expect(fs.readdirSync(at(directory, 'cur'))).toHaveLength(1);
  expect(fs.readdirSync(at(directory, 'tmp'))).toEqual([]);
});

test('dates that no file system has are brought into range', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  await mailbox.deliver(message(1, { date: -5 }));
  await mailbox.deliver(message(2, { date: Number.NaN }));
  await mailbox.deliver(message(3, { date: Number.MAX_VALUE }));
  await mailbox.commit(current);
  expect(fs.statSync(at(directory, 'cur', `1.L${keyOf(1)}.lifeboat:2,S`)).mtimeMs).toBe(0);
  expect(fs.readdirSync(at(directory, 'cur'))).toHaveLength(3);
});

test('leftovers of ours are removed, and only these', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const { folder } = await mailbox.folder(undefined, 'Work', never);
  const ours = [`5.L${keyOf(5)}.lifeboat.0123456789ab`, 'keywords.lifeboat.0123456789ab'];
  const others = [
    '1700000000.M1P2.host',
    `5.L${keyOf(5)}.lifeboat`,
    '5.Lxyz.lifeboat.0123456789ab',
    'note.txt',
  ];
  for (const name of [...ours, ...others]) {
    fs.writeFileSync(at(directory, folder, 'tmp', name), 'x');
    fs.writeFileSync(at(directory, 'tmp', name), 'x');
  }
  await mailbox.cleanLeftovers(() => true);
  expect(fs.readdirSync(at(directory, folder, 'tmp')).sort()).toEqual([...others].sort());
  expect(fs.readdirSync(at(directory, 'tmp')).sort()).toEqual([...others].sort());
});

test('existing messages are listed once, ours by key and others by digest, wherever they are now', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const { folder } = await mailbox.folder(undefined, 'Work', never);
  await mailbox.deliver(message(1));
  await mailbox.deliver(message(2, { folder }));
  await mailbox.commit(current);
  // Read and moved by somebody.
  fs.renameSync(
    at(directory, 'cur', `1.L${keyOf(1)}.lifeboat:2,S`),
    at(directory, folder, 'cur', `1.L${keyOf(1)}.lifeboat:2,FRSa`),
  );
  const small = Buffer.from('From: x\n\ny');
  const large = Buffer.alloc(9 * 1024 * 1024, 'line\n');
  fs.writeFileSync(at(directory, 'new', '1700.host'), small);
  fs.writeFileSync(at(directory, 'cur', '1701.host:2,S'), large);
  fs.writeFileSync(Buffer.concat([Buffer.from(at(directory, 'cur/')), Buffer.from([0xff, 0x31])]), small);
  fs.symlinkSync('/etc/passwd', at(directory, 'cur', '1702.host:2,'));
  fs.mkdirSync(at(directory, 'cur', 'folder'));
  fs.writeFileSync(at(directory, 'tmp', 'half'), 'x');
  const all = await listed(mailbox);
  const digests = [digest(small), digest(small), digest(large)];
  expect(all).toHaveLength(5);
  expect(all).toEqual(
    expect.arrayContaining([
      { kind: 'ours', itemId: 1, key: keyOf(1) },
      { kind: 'ours', itemId: 2, key: keyOf(2) },
    ]),
  );
  expect(all.flatMap((one) => (one.kind === 'other' ? [one.digest] : [])).sort()).toEqual(digests.sort());
  const wanted = [1, 2, 3].map((itemId) => ({ itemId, key: keyOf(itemId) }));
  expect(await mailbox.findDelivered(wanted, () => undefined)).toEqual(new Set([1, 2]));
  expect(await mailbox.findDelivered([{ itemId: 1, key: keyOf(9) }], () => undefined)).toEqual(new Set());
});
