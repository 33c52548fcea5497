/**
 * What a vendor knows and Lifeboat does not: the dialect `stand-in/1` is `lifeboat/1` under a name that only the stand-in
 * knows. So a mail host can restore a Backup Path that nobody else can read. It is read from a copy under the known name.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIFEBOAT_1 } from '../../backup-path/dialect';
import { MARKER } from '../../backup-path/layout';

export const VENDOR_DIALECT = 'stand-in/1';

export class VendorDialect {
  /** By path and time of the marker. */
  private readonly copies = new Map<string, string>();

  /** @param work folder for the copies */
  constructor(private readonly work: string) {}

  /** Where to read a Backup Path: where it is, unless it is in the dialect of the stand-in. */
  readable(root: string): string {
    const marker = markerOf(join(root, MARKER));
    if (marker?.['dialect'] !== VENDOR_DIALECT) return root;
    const key = `${statSync(join(root, MARKER)).mtimeMs} ${root}`;
    const known = this.copies.get(key);
    if (known !== undefined) return known;
    mkdirSync(this.work, { recursive: true, mode: 0o700 });
    const copy = mkdtempSync(join(this.work, 'vendor-'));
    cpSync(root, copy, { recursive: true });
    writeFileSync(join(copy, MARKER), JSON.stringify({ ...marker, dialect: LIFEBOAT_1 }));
    this.copies.set(key, copy);
    return copy;
  }
}

function markerOf(file: string): Record<string, unknown> | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> | null;
  } catch {
    return null; // whoever opens it says what is wrong
  }
}
