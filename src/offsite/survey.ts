/**
 * Comparing both sides by a dry run: which metadata differ, how much there is to copy, what would be deleted. The
 * lists go to disk.
 */
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BLOBS } from '../backup-path/layout';
import type { OffsiteSyncInput } from '../contracts/offsite-sync';
import { remotePath, type Scope } from '../rsync/arguments';
import { nameBytes, parseChange, type Change } from '../rsync/output';
import { allowedDeletions, guardDeletions, guardSpace, surelyFits } from './guard-destination';
import type { Survey } from './model';
import { LISTS } from './lists';
import { NameList } from './name-list';
import { listMetadata, noteMetadata } from './noting';
import { clearHolding } from './remove-tree';
import { sync, type RunResult, type SyncContext } from './sync-context';
import { measureBlobs } from './walk';

export const isBlobName = (name: string): boolean => name === BLOBS || name.startsWith(`${BLOBS}/`);

/**
 * @param deletes what the source does not have is to go
 * @throws Problem `DestinationTooSmall`, `TooManyDeletions`, of the end of rsync
 */
export async function survey(context: SyncContext, first: boolean, deletes: boolean): Promise<Survey> {
  const { input } = context.request;
  if (!input.dryRun) await clearHolding(context.place);
  // a first copy has nothing to compare with: the walk is cheaper
  const found = first && !input.dryRun ? await surveyFirst(context) : await compare(context, deletes);
  if (context.transport.destination.kind === 'path' && !input.dryRun && found.bytes > 0) {
    guardSpace(context.transport.destination.path, found);
  }
  return found;
}

async function surveyFirst(context: SyncContext): Promise<Survey> {
  const { source, transport, signal } = context;
  const { destination } = transport;
  const startedAt = performance.now();
  const noted = destination.kind === 'path' ? await noteMetadata(context) : null;
  const metadata = noted ?? (await listMetadata(context));
  const measured = { bytes: 0, files: 0 };
  if (destination.kind === 'path' && !surelyFits(source, destination.path)) {
    const { bytes, files } = await measureBlobs(source, signal);
    measured.bytes = bytes + metadata * blockSize(source);
    measured.files = files + metadata;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const none = { deletions: 0, allowed: 0, totalSize: 0 };
  return { metadata, blobs: 1, ...measured, ...none, seconds, held: noted !== null };
}

/** Metadata files are small: each takes about a block. */
const blockSize = (path: string): number => statfsSync(path).bsize;

async function compare(context: SyncContext, deletes: boolean): Promise<Survey> {
  const { source, place, request, transport } = context;
  const { input } = request;
  const lists = new SurveyLists(place.workDir, input.dryRun);
  const compareScope = (scope: Scope): Promise<RunResult> => {
    const run = {
      ...{ from: `${source}/`, to: remotePath(transport), scope, dryRun: true, itemize: true },
      ...{ checksum: input.checksum, delete: deletes },
    };
    const onLine = (line: string): void => {
      const change = parseChange(line);
      // the folder of all is on both lists
      if (change !== null && (scope !== 'blobs' || isBlobName(change.name))) lists.take(change, context);
    };
    return sync(context, run, { what: 'comparing', onLine });
  };
  const runs: RunResult[] = [];
  try {
    // blobs first: one that is purged before its metadata are compared is still named by those of the copy
    for (const scope of deletes ? (['blobs', 'metadata'] as const) : (['all'] as const))
      runs.push(await compareScope(scope));
  } finally {
    lists.close();
  }
  const sumOf = (of: (run: RunResult) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const { blobs, files, deletions, contentBytes } = lists;
  const inCopy =
    Math.max(
      0,
      sumOf(({ stats }) => stats.files - stats.created),
    ) + deletions;
  const allowed = deletes ? allowedOf(input, deletions, inCopy) : 0;
  const totalSize = sumOf(({ stats }) => stats.totalSize);
  const seconds = sumOf((run) => run.seconds);
  const metadata = lists.metadata.count;
  return { metadata, blobs, bytes: contentBytes, files, deletions, allowed, totalSize, seconds, held: false };
}

/** A dry run is how people learn what they would have to allow: it refuses nothing. */
function allowedOf({ dryRun, maxDeletions }: OffsiteSyncInput, deletions: number, inCopy: number): number {
  return dryRun ? allowedDeletions(inCopy, maxDeletions) : guardDeletions(deletions, inCopy, maxDeletions);
}

class SurveyLists {
  readonly metadata: NameList;
  private readonly deadBlobs: NameList;
  private readonly deadFolders: NameList;
  private readonly deadMetadata: NameList;
  private readonly deadMetadataFolders: NameList;
  private readonly plan: number | null;
  blobs = 0;
  files = 0;
  deletions = 0;
  contentBytes = 0;
  private told = 0;

  constructor(folder: string, withPlan: boolean) {
    this.metadata = new NameList(join(folder, LISTS.metadata));
    this.deadBlobs = new NameList(join(folder, LISTS.deadBlobs));
    this.deadFolders = new NameList(join(folder, LISTS.deadFolders));
    this.deadMetadata = new NameList(join(folder, LISTS.deadMetadata));
    this.deadMetadataFolders = new NameList(join(folder, LISTS.deadMetadataFolders));
    this.plan = withPlan ? openSync(join(folder, LISTS.plan), 'w', 0o600) : null;
  }

  take(change: Change, { onProgress }: SyncContext): void {
    const { name, kind, type } = change;
    if (kind === 'deleted') {
      this.deletions++;
      const [files, folders] = isBlobName(name)
        ? [this.deadBlobs, this.deadFolders]
        : [this.deadMetadata, this.deadMetadataFolders];
      (type === 'folder' ? folders : files).add(name);
    } else if (isBlobName(name)) this.blobs++;
    else this.metadata.add(name);
    if (change.content) {
      this.files++;
      this.contentBytes += change.size;
    }
    this.write(change);
    const done = this.blobs + this.metadata.count + this.deletions;
    if (done - this.told < 100) return;
    this.told = done;
    onProgress({ step: 'comparing', done, total: 0, unit: 'differences' });
  }

  /** Folders of which only the time differs are no news for people. */
  private write({ kind, name, type, isNew, content }: Change): void {
    if (this.plan === null || (kind === 'changed' && type === 'folder' && !isNew)) return;
    const mark = kind === 'deleted' ? '-' : isNew ? '+' : content ? '~' : '·';
    const end = type === 'folder' ? '/' : '';
    writeSync(this.plan, Buffer.concat([Buffer.from(`${mark} `), nameBytes(name), Buffer.from(`${end}\n`)]));
  }

  close(): void {
    for (const list of [
      ...[this.metadata, this.deadBlobs, this.deadFolders],
      ...[this.deadMetadata, this.deadMetadataFolders],
    ])
      list.close();
    if (this.plan !== null) closeSync(this.plan);
  }
}
