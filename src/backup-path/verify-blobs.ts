/** Reads every blob of a folder and compares it with its name. */
import { closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Blob } from './blob';
import { broken, Defect, readDefect } from './defect';
import { digestAlgorithm } from './digest';
import type { Evidence } from './evidence';
import { blobDir, BLOBS, blobPath } from './layout';
import type { BackupPath } from './store';
import { isSampled, type Sample } from './sample';
import { fingerprint, LOOK, newFolder, type BlobFolder } from './verify-index';
import { hasLongLine, longestLine, LONGEST_LINE } from './verify-lines';
import type { VerifyClass, VerifyFinding } from './verify-model';

const FOLDER = /^[A-Za-z0-9+,]{2}$/;

/** The folders that may hold blobs, sorted. @throws Defect */
export function blobFolders(store: BackupPath): string[] {
  const path = store.files.absolute(BLOBS);
  store.files.checkFolder(BLOBS);
  try {
    return readdirSync(path)
      .filter((name) => FOLDER.test(name))
      .sort();
  } catch (error) {
    throw readDefect(error, path);
  }
}

/** The names in a blob folder that are digests. @throws Defect */
export function digestsIn(store: BackupPath, name: string): string[] {
  const relative = `${BLOBS}/${name}`;
  const path = store.files.absolute(relative);
  store.files.checkFolder(relative, true);
  try {
    return readdirSync(path).filter((digest) => digestAlgorithm(digest) !== null);
  } catch (error) {
    throw readDefect(error, path);
  }
}

export interface CheckedFolder {
  readonly folder: BlobFolder;
  /** Blobs that were read; fewer than there are when only a sample is. */
  readonly read: number;
  readonly bytes: number;
  /** Only what no item can tell: the folder itself, blobs where nobody looks for them. */
  readonly findings: VerifyFinding[];
}

/**
 * Reads the blobs of a folder. What is wrong with one is told later, once for each item that names it.
 * @throws Problem `SourceUnavailable` when the store is not there any more
 */
export async function checkBlobFolder(
  store: BackupPath,
  name: string,
  sample: Sample | null,
): Promise<CheckedFolder> {
  const findings: VerifyFinding[] = [];
  let digests: string[];
  try {
    digests = digestsIn(store, name);
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return { folder: newFolder(name, 0), read: 0, bytes: 0, findings: [ofNobody(toldOf(store, error))] };
  }
  const blobs = digests
    .filter((digest) => {
      if (digest.startsWith(name)) return true;
      const path = store.files.absolute(join(BLOBS, name, digest));
      const reason = `a blob in the folder of other digests at ${path}`;
      findings.push(ofNobody({ class: 'broken', reason, path }));
      return false;
    })
    .map((digest) => ({ digest, print: fingerprint(digest) }))
    .sort((a, b) => a.print - b.print);
  const folder = newFolder(name, blobs.length);
  let bytes = 0;
  let read = 0;
  for (const [at, { digest, print }] of blobs.entries()) {
    folder.prints[at] = print;
    if (sample && !isSampled(sample, print)) continue;
    read++;
    const { size, look } = await glance(store, digest);
    bytes += size;
    if (look) folder.marks[at] = LOOK;
  }
  return { folder, read, bytes, findings };
}

/** Size of an intact blob, and whether there is something to be said of it. */
async function glance(store: BackupPath, digest: string): Promise<{ size: number; look: boolean }> {
  try {
    const blob = await store.blobs.load(digest);
    const longLine = blob.kind === 'memory' ? hasLongLine(blob.bytes) : (await longestLine(blob)) > 0;
    return { size: blob.size, look: blob.doubleGzipped || blob.trailingBytes || longLine };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    // a store that went away makes every blob unreadable
    if (error.kind === 'read') store.assertThere();
    return { size: 0, look: true };
  }
}

export interface Verdict {
  readonly class: VerifyClass;
  readonly reason: string;
  readonly path: string;
  readonly evidence?: Evidence;
}

export interface Examined {
  /** Everything there is to be said of the blob; nothing when it is as it should be. */
  readonly verdicts: Verdict[];
  /** Bytes of the content; 0 when it is damaged. */
  readonly size: number;
}

/**
 * @param namedBy the metadata file, which is the one that is wrong when the digest is none
 * @throws Problem `SourceUnavailable`
 */
export async function examineBlob(store: BackupPath, digest: string, namedBy?: string): Promise<Examined> {
  let blob: Blob;
  let longest: number;
  try {
    requireDigest(digest, namedBy ?? store.root);
    blob = await store.blobs.load(digest);
    longest = await longestLine(blob);
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    if (error.kind === 'read') store.assertThere();
    return { verdicts: [toldOf(store, error)], size: 0 };
  }
  const path = store.files.absolute(blobPath(digest));
  const verdicts: Verdict[] = [];
  if (longest > 0) {
    const reason = `a line of ${longest} bytes; Carbonio takes lines of at most ${LONGEST_LINE} bytes`;
    verdicts.push({ class: 'invalid', reason, path });
  }
  if (blob.doubleGzipped) {
    verdicts.push({ class: 'double-gzipped', reason: `intact, but compressed twice at ${path}`, path });
  }
  if (blob.trailingBytes) {
    const reason = `intact, but with foreign bytes behind its data at ${path}`;
    verdicts.push({ class: 'trailing-bytes', reason, path });
  }
  return { verdicts, size: blob.size };
}

function requireDigest(digest: string, namedBy: string): void {
  if (digestAlgorithm(digest) === null) throw broken(`"${digest.slice(0, 80)}" is not a digest`, namedBy);
}

/** What is wrong with a blob that is not read: that it is not there, or cannot be opened. @throws Problem `SourceUnavailable` */
export function missingBlob(store: BackupPath, digest: string, namedBy: string): Verdict[] {
  try {
    requireDigest(digest, namedBy);
    store.files.checkFolder(blobDir(digest), true);
    closeSync(store.files.open(store.files.absolute(blobPath(digest))).fd);
    return [];
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    if (error.kind === 'read') store.assertThere();
    return [toldOf(store, error)];
  }
}

/**
 * The remarkable blobs of a folder that no metadata names.
 * @param isWanted whether a digest is one of them
 */
export async function examineOrphans(
  store: BackupPath,
  name: string,
  isWanted: (digest: string) => boolean,
): Promise<VerifyFinding[]> {
  const findings: VerifyFinding[] = [];
  let digests: string[];
  try {
    digests = digestsIn(store, name);
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return [ofNobody(toldOf(store, error))];
  }
  for (const digest of digests) {
    if (!digest.startsWith(name) || !isWanted(digest)) continue;
    // a rule for messages; nobody knows whether this was one
    const { verdicts } = await examineBlob(store, digest);
    for (const verdict of verdicts.filter(({ class: kind }) => kind !== 'invalid')) {
      findings.push({
        ...ofNobody(verdict),
        reason: `${verdict.reason} (no item names it)`,
      });
    }
  }
  return findings;
}

/** What a defect is, in the words of a finding. */
export function toldOf(store: BackupPath, defect: Defect): Verdict {
  const { kind, message, path } = defect;
  return { class: kind, reason: message, path, evidence: store.evidenceOf(defect) };
}

const ofNobody = (verdict: Verdict): VerifyFinding => ({ account: null, item: null, ...verdict });
