/**
 * Reads a tar archive as a stream: ustar, with the long names of GNU tar and of pax. A reader of our own, because an
 * archive here is hostile input that may only ever become plain files: nothing else of the format is wanted.
 */
import { Problem } from '../failures';

const BLOCK = 512;
/** Of a header that only carries a long name. Bytes. */
const LONGEST_META = 64 * 1024;

export interface TarEntry {
  /** As it stands in the archive: may hold anything. */
  readonly name: string;
  /** `other`: links, devices, pipes and what is not known. */
  readonly type: 'file' | 'folder' | 'other';
  readonly size: number;
}

const refused = (what: string): Problem => new Problem('ArchiveRefused', `The archive ${what}.`);

/**
 * @param source the archive, not compressed
 * @param onEntry is given the content piece by piece, and must take all of it or nothing
 * @throws Problem `ArchiveRefused` for what is no whole tar archive; what `source` throws
 */
export async function readTar(
  source: AsyncIterable<Buffer>,
  onEntry: (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const bytes = new Bytes(source);
  let longName: string | null = null;
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header.every((byte) => byte === 0)) return bytes.rest();
    checkSum(header);
    const size = numberAt(header, 124, 12);
    const kind = String.fromCharCode(header[156] ?? 0);
    // names that are too long for a header (L, x), of links (K), and what is for all entries (g)
    if (['L', 'x', 'K', 'g'].includes(kind)) {
      const name = await metaName(bytes, kind, size);
      longName = name ?? longName;
      continue;
    }
    const name: string = longName ?? nameOf(header);
    longName = null;
    // only files have content; the size of a link is not followed by any
    const isFile = kind === '0' || kind === '\0' || kind === '7';
    const type = isFile ? 'file' : kind === '5' ? 'folder' : 'other';
    const content = kind === '1' || kind === '2' ? 0 : size;
    const part = bytes.part(content);
    await onEntry({ name, type, size: content }, part);
    await drain(part); // what was not taken
    await bytes.take(padding(content));
  }
}

async function metaName(bytes: Bytes, kind: string, size: number): Promise<string | null> {
  if (size > LONGEST_META) throw refused('holds a header of more than 64 KiB');
  const text = (await bytes.take(size)).toString('utf8');
  await bytes.take(padding(size));
  if (kind === 'L') return text.replace(/\0.*$/s, '');
  if (/^\d+ size=/m.test(text)) throw refused('holds a file of more than 8 GiB');
  return kind === 'x' ? (/^\d+ path=(.*)$/m.exec(text)?.[1] ?? null) : null;
}

async function drain(part: AsyncGenerator<Buffer>): Promise<void> {
  while (!(await part.next()).done);
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function textAt(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

function nameOf(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 5) === 'ustar' && header[262] === 0 ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function numberAt(header: Buffer, from: number, length: number): number {
  const text = textAt(header, from, length).trim();
  if (!/^[0-7]+$/.test(text)) throw refused('is damaged (a number in a header)');
  return Number.parseInt(text, 8);
}

function checkSum(header: Buffer): void {
  const said = numberAt(header, 148, 8);
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== said) throw refused('is damaged (a checksum in a header)');
}

class Bytes {
  private held: Buffer = Buffer.alloc(0);
  private readonly iterator: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  /** Exactly so many. */
  async take(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.part(count)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async *part(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.held.length === 0) this.held = await this.more();
      const piece = this.held.subarray(0, left);
      this.held = this.held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** To the end, so that the checks of what decompresses it are done. */
  async rest(): Promise<void> {
    while (!(await this.iterator.next()).done);
  }

  private async more(): Promise<Buffer> {
    const next = await this.iterator.next();
    if (next.done) throw refused('ends in the middle');
    return next.value;
  }
}
