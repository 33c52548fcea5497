/**
 * Verifying a copy that cannot be read as files: its metadata are fetched and every blob that they name is looked up in
 * the list of its blobs; content is compared with the Backup Path by rsync's checksums, in a dry run.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Defect } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { BLOBS, blobPath } from '../backup-path/layout';
import { isSampled, type Sample } from '../backup-path/sample';
import { BackupPath } from '../backup-path/store';
import { BlobIndex, fingerprint, newFolder } from '../backup-path/verify-index';
import { walkItems } from '../backup-path/walk';
import { listArguments, remotePath } from '../rsync/arguments';
import { problemOf } from '../rsync/exit-codes';
import { parseChange } from '../rsync/output';
import { runRsync } from '../rsync/runner';
import { printable } from '../report/format';
import { MIRROR, type CopyContext } from './copy-context';
import { listed, NameList } from './name-list';
import { listedName } from './other-side';
import { isBlobName } from './survey';
import { sync } from './sync-context';
import { Breather } from './walk';

export interface LookedUp {
  readonly items: number;
  readonly accounts: number;
  readonly missing: number;
  readonly damaged: number;
  /** Blobs of the sample. */
  readonly sampled: number;
}

const SAMPLED = 'sampled.list';
/** Findings, a line each. Each step writes its own, so that one that is done again replaces them. */
export const FINDINGS = ['missing.txt', 'damaged.txt'] as const;

/** Every blob that the fetched metadata name must be in the copy. */
export async function lookUpBlobs(context: CopyContext, sample: Sample | null): Promise<LookedUp> {
  const { index, sampled } = await indexCopy(context, sample);
  const store = BackupPath.open(join(context.workDir, MIRROR));
  const report = new Findings(context.workDir, 'missing.txt');
  const breather = new Breather(context.signal);
  const { ids } = store.accountIds();
  let [items, damaged] = [0, 0];
  const defect = (error: unknown): void => {
    if (!(error instanceof Defect)) throw error;
    damaged++;
    report.add(`not understood: ${error.message}`);
  };
  for (const account of ids) {
    try {
      store.accountInfo(account);
    } catch (error) {
      defect(error);
    }
    for (const entry of walkItems(store, account)) {
      items++;
      try {
        if (entry.kind === 'folder') throw entry.defect;
        for (const digest of new Set(store.itemStates(entry.path).map((state) => state.digest))) {
          if (digest !== null && index.use(digest) === null) report.miss(account, entry.id, digest);
        }
      } catch (error) {
        defect(error);
      }
      await breather.breathe();
    }
    context.onProgress({ step: 'looking for blobs', done: items, total: 0, unit: 'items' });
  }
  report.close();
  return { items, accounts: ids.length, missing: report.missing, damaged, sampled };
}

/** The names of all its blobs; those of the sample go into a list. */
async function indexCopy(
  context: CopyContext,
  sample: Sample | null,
): Promise<{ index: BlobIndex; sampled: number }> {
  const { transport, signal, onProgress, workDir } = context;
  const prints = new Map<string, number[]>();
  const list = new NameList(join(workDir, SAMPLED));
  let done = 0;
  const end = await runRsync(listArguments(transport, `${BLOBS}/`, true), {
    signal,
    onLine: (line) => {
      const [folder, digest] = listedName(line)?.split('/') ?? [];
      if (folder === undefined || digest === undefined || digestAlgorithm(digest) === null) return;
      const print = fingerprint(digest);
      const known = prints.get(folder);
      if (known) known.push(print);
      else prints.set(folder, [print]);
      if (sample === null || isSampled(sample, print)) list.add(listed(`${BLOBS}/${folder}/${digest}`));
      if (++done % 1000 === 0) onProgress({ step: 'looking for blobs', done, total: 0, unit: 'blobs' });
    },
  });
  list.close();
  const problem = problemOf('Listing the blobs of the copy', end);
  if (problem) throw problem;
  const folders = [...prints].map(([name, found]) => folderOf(name, found));
  return { index: new BlobIndex(folders), sampled: list.count };
}

function folderOf(name: string, found: readonly number[]): ReturnType<typeof newFolder> {
  const folder = newFolder(name, found.length);
  folder.prints.set(Float64Array.from(found).sort());
  return folder;
}

/**
 * Compares all metadata and the sampled blobs. What only changed since the last sync is no finding.
 * @param sampled how many blobs are in the sample
 * @returns the number of files whose content is damaged
 */
export async function compareContent(context: CopyContext, source: string, sampled: number): Promise<number> {
  const report = new Findings(context.workDir, 'damaged.txt');
  const { root } = BackupPath.open(source);
  const common = {
    ...{ from: `${root}/`, to: remotePath(context.transport) },
    ...{ dryRun: true, checksum: true, itemize: true },
  };
  let damaged = 0;
  const onLine = (line: string): void => {
    const change = parseChange(line);
    if (change === null) return;
    // a blob is never written again: whatever its size and time are
    if (!(isBlobName(change.name) ? change.differs : change.damaged)) return;
    damaged++;
    report.add(`content differs from the Backup Path: ${printable(change.name)}`);
  };
  await sync(context, { ...common, scope: 'metadata' }, { what: 'comparing', onLine });
  if (sampled > 0) {
    const run = { ...common, filesFrom: join(context.workDir, SAMPLED), ignoreMissing: true };
    await sync(context, run, { what: 'comparing', onLine });
  }
  report.close();
  return damaged;
}

class Findings {
  private pending = '';
  private readonly file: string;
  missing = 0;

  constructor(workDir: string, name: (typeof FINDINGS)[number]) {
    mkdirSync(workDir, { recursive: true });
    this.file = join(workDir, name);
    writeFileSync(this.file, '', { mode: 0o600 });
  }

  miss(account: string, item: number, digest: string): void {
    this.missing++;
    const path = digestAlgorithm(digest) === null ? printable(digest.slice(0, 80)) : blobPath(digest);
    this.add(`missing: ${account} item:${item} names ${path}`);
  }

  add(line: string): void {
    this.pending += `${line}\n`;
    if (this.pending.length > 64 * 1024) this.close();
  }

  close(): void {
    appendFileSync(this.file, this.pending);
    this.pending = '';
  }
}

/** What is only good for the verification. */
export function tidyVerification(workDir: string): void {
  for (const name of [MIRROR, SAMPLED]) rmSync(join(workDir, name), { recursive: true, force: true });
}
