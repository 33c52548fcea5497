/**
 * The blobs that are there, in nine bytes each.
 *
 * Which blobs nobody refers to is known only when all blobs and all metadata were seen. Ten million digests as texts
 * would be more than a gigabyte; here a digest is a number of 48 bits in a sorted array of its folder (which stands
 * for 12 more), and a byte of marks: 90 MB, once, in memory that all threads share. That two digests look alike needs
 * about 2^-48 of luck for each pair in one of 4,096 folders: with ten million blobs the count of orphans is wrong in
 * one store of 20,000, and a missing blob is missed in one of 10^11. Nothing is ever removed because of it.
 */

/** Found damaged or remarkable: whoever refers to it looks again to learn how. */
export const LOOK = 1;
const USED = 2;

export interface BlobFolder {
  /** The first two characters of the digests. */
  readonly name: string;
  /** Sorted; on shared memory. */
  readonly prints: Float64Array;
  readonly marks: Uint8Array;
}

export function newFolder(name: string, size: number): BlobFolder {
  return {
    name,
    prints: new Float64Array(new SharedArrayBuffer(size * 8)),
    marks: new Uint8Array(new SharedArrayBuffer(size)),
  };
}

const VALUES = new Uint8Array(128);
[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,'].forEach((character, value) => {
  VALUES[character.charCodeAt(0)] = value;
});

/** The third to tenth character of a digest as a number of 48 bits. Digests are as good as random. */
export function fingerprint(digest: string): number {
  let print = 0;
  for (let at = 2; at < 10; at++) print = print * 64 + (VALUES[digest.charCodeAt(at) & 127] ?? 0);
  return print;
}

export class BlobIndex {
  private readonly folders = new Map<string, BlobFolder>();

  constructor(folders: Iterable<BlobFolder> = []) {
    for (const folder of folders) this.add(folder);
  }

  add(folder: BlobFolder): void {
    this.folders.set(folder.name, folder);
  }

  all(): BlobFolder[] {
    return [...this.folders.values()];
  }

  /** Marks a blob as referred to. Answers its marks from before, or null when it is not known. */
  use(digest: string): number | null {
    const folder = this.folders.get(digest.slice(0, 2));
    if (!folder) return null;
    const at = search(folder.prints, fingerprint(digest));
    return at === null ? null : Atomics.or(folder.marks, at, USED);
  }

  /** Whether a blob was found remarkable and nobody refers to it. */
  isUnusedLook(digest: string): boolean {
    const folder = this.folders.get(digest.slice(0, 2));
    const at = folder ? search(folder.prints, fingerprint(digest)) : null;
    return at !== null && folder?.marks[at] === LOOK;
  }

  /** Folders with remarkable blobs that nobody refers to. */
  unusedLooks(): string[] {
    return this.all()
      .filter(({ marks }) => marks.includes(LOOK))
      .map(({ name }) => name)
      .sort();
  }

  /** Blobs that nobody refers to. */
  orphans(): number {
    let count = 0;
    for (const { marks } of this.folders.values()) for (const mark of marks) if (!(mark & USED)) count++;
    return count;
  }
}

function search(prints: Float64Array, wanted: number): number | null {
  let low = 0;
  let high = prints.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = prints[middle] as number;
    if (found === wanted) return middle;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}
