/** A store with one item of each defect that a Backup Path can have. */
import {
  appendFileSync,
  createWriteStream,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestOf, finishDigest } from '../../src/backup-path/digest';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { mail, state, type TestStore } from './store';

export interface Expected {
  readonly name: string;
  /** Of a verification; null: nothing, or only a note, is to be found. */
  readonly verify: 'read' | 'broken' | 'invalid' | 'double-gzipped' | 'trailing-bytes' | null;
  /** Of a restore into a target that takes any line; null: restored. */
  readonly restore: 'read' | 'broken' | null;
}

/** A header or a line of the body of so many bytes. */
const longHeader = (bytes: number): Buffer =>
  Buffer.from(`X-Long: ${'h'.repeat(bytes - 'X-Long: '.length)}\r\nSubject: header\r\n\r\nx\r\n`);
const longBody = (bytes: number): Buffer => Buffer.from(`Subject: body\r\n\r\n${'b'.repeat(bytes)}\r\n`);

/**
 * Puts one item of each kind into an account.
 * @param locked makes a file unreadable for whoever will read it
 * @param huge bytes of the largest message; compresses to next to nothing
 */
export async function plantDefects(
  store: TestStore,
  account: string,
  locked: (path: string) => void,
  huge: number,
): Promise<Map<number, Expected>> {
  const expected = new Map<number, Expected>();
  let next = 400;
  const plant = (
    name: string,
    verify: Expected['verify'],
    restore: Expected['restore'],
    make: (item: number) => void,
  ): void => {
    make(next);
    expected.set(next++, { name, verify, restore });
  };
  const at = (relative: string): string => join(store.root, relative);
  const blobOf = (item: number, content = mail(`defect ${item}`)): string =>
    at(blobPath(store.message(account, item, content)));
  const metadata = (item: number, content: string): void => {
    const path = at(itemPath(account, item));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  const json = (item: number, change: object): void =>
    metadata(item, JSON.stringify([{ ...stateOf(store, item), ...change }]));

  plant('unreadable blob', 'read', 'read', (item) => locked(blobOf(item)));
  plant('unreadable metadata', 'read', 'read', (item) => {
    blobOf(item);
    locked(at(itemPath(account, item)));
  });
  plant('missing blob', 'read', 'read', (item) =>
    store.dropBlob(store.message(account, item, mail(`gone ${item}`))),
  );
  plant('empty blob', 'broken', 'broken', (item) => truncateSync(blobOf(item), 0));
  plant('empty metadata', 'broken', 'broken', (item) => metadata(item, ''));
  plant('truncated gzip', 'broken', 'broken', (item) => truncateSync(blobOf(item), 40));
  plant('wrong digest', 'broken', 'broken', (item) =>
    writeFileSync(blobOf(item), gzipSync('another content')),
  );
  plant('intact with trailing garbage', 'trailing-bytes', null, (item) =>
    appendFileSync(blobOf(item), 'garbage'),
  );
  plant('trailing garbage behind another content', 'broken', 'broken', (item) =>
    writeFileSync(blobOf(item), Buffer.concat([gzipSync('another content'), Buffer.from('garbage')])),
  );
  plant('double gzip', 'double-gzipped', null, (item) =>
    writeFileSync(blobOf(item), gzipSync(gzipSync(mail(`defect ${item}`)))),
  );
  plant('invalid JSON', 'broken', 'broken', (item) => metadata(item, '[{"type":'));
  plant('unknown type', 'broken', 'broken', (item) => json(item, { type: 'fax' }));
  plant('wrong schema', 'broken', 'broken', (item) => json(item, { deleted: 'perhaps' }));
  plant('no list of states', 'broken', 'broken', (item) => metadata(item, '{}'));
  plant('a header of 10,241 bytes', 'invalid', null, (item) => blobOf(item, longHeader(10_241)));
  plant('a line of 10,241 bytes', 'invalid', null, (item) => blobOf(item, longBody(10_241)));
  plant('a header of 10,240 bytes', null, null, (item) => blobOf(item, longHeader(10_240)));
  plant('a line of 10,240 bytes', null, null, (item) => blobOf(item, longBody(10_240)));
  plant('NUL bytes', null, null, (item) => blobOf(item, Buffer.from('Subject: nul\r\n\r\na\0b\0\r\n')));
  plant('a digest with ..', 'broken', 'broken', (item) => json(item, { digest: '../../../../etc/passwd' }));
  plant('a name with ..', null, null, (item) => {
    const digest = store.writer.blob(mail(`defect ${item}`));
    store.writer.item(account, item, [state({ digest, name: '../../../../tmp/evil' })]);
  });
  plant('symlink out of the store', 'broken', 'broken', (item) => {
    const content = mail(`outside ${item}`);
    const outside = `${store.root}-outside`;
    writeFileSync(outside, gzipSync(content));
    const path = at(blobPath(digestOf(content)));
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(outside, path);
    store.writer.item(account, item, [state({ digest: digestOf(content) })]);
  });
  const item = next++;
  await plantHuge(store, account, item, huge);
  expected.set(item, { name: `a message of ${huge} bytes`, verify: null, restore: null });
  return expected;
}

/** A state as the store writes it. */
function stateOf(store: TestStore, item: number): object {
  const digest = store.writer.blob(mail(`defect ${item}`));
  return { start: '2025-01-02T03:04:05.000Z', end: null, type: 'message', folder: 2, digest };
}

/** Written as it is made: neither the content nor the test needs so much memory. */
async function plantHuge(store: TestStore, account: string, item: number, bytes: number): Promise<void> {
  const line = Buffer.from(`${'0123456789'.repeat(7)}\r\n`);
  const block = Buffer.concat(Array.from({ length: 4096 }, () => line));
  const hash = createHash('sha256');
  function* content(): Generator<Buffer> {
    const head = Buffer.from('Subject: huge\r\n\r\n');
    yield head;
    for (let left = bytes - head.length; left > 0; left -= block.length)
      yield block.subarray(0, Math.min(left, block.length));
  }
  const temporary = join(store.root, 'items', '.huge');
  await pipeline(
    Readable.from(content()),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createGzip({ level: 1 }),
    createWriteStream(temporary),
  );
  const digest = finishDigest(hash);
  const path = join(store.root, blobPath(digest));
  mkdirSync(dirname(path), { recursive: true });
  renameSync(temporary, path);
  store.writer.item(account, item, [state({ digest, size: bytes })]);
}
