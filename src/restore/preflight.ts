/** Looks before anything is touched: is the source what it should be, is there room, what is there to do. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { Defect } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { blobPath } from '../backup-path/layout';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { START } from '../backup-path/walk';
import { Problem } from '../failures';
import type { WorkRow } from '../ledger/model';
import { walkChosen } from './chosen';
import { isFiltered, statesOf } from './classify';
import type { Session } from './session';
import { takenState } from './view';

/** Metadata files that are opened to learn the average size. All of them when there are fewer. */
const SAMPLE = 5_000;
/** Sizes above it are not taken on the word of the metadata. Bytes. */
const LARGE = 64 * 1024 * 1024;
const GZIP_AT_BEST = 1032;
/** An estimate from a sample is off by some; only what is clearly too small is refused. */
const TOLERANCE = 0.8;

/**
 * A target inside the source would be read as part of it, a source inside the target written over, and a state folder
 * inside the source would change it.
 * @throws Problem `TargetInsideSource`
 */
export function refuseOverlap(store: BackupPath, paths: { target: string | null; state: string }): void {
  const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer + sep);
  const target = paths.target === null ? null : realPathOf(paths.target);
  if (target !== null && (within(target, store.root) || within(store.root, target))) {
    throw overlap(`The target ${target}`, store);
  }
  const state = realPathOf(paths.state);
  if (within(state, store.root)) throw overlap(`The state folder ${state}`, store);
}

const overlap = (what: string, store: BackupPath): Problem =>
  new Problem('TargetInsideSource', `${what} and the Backup Path ${store.root} lie one in the other.`, {
    source: store.root,
  });

/** The real path of a folder that may not exist yet: its nearest ancestor that does, and the rest. */
function realPathOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPathOf(parent), basename(path));
}

/** What is not wrong enough to stop for. One sentence each. */
export function sourceWarnings(store: BackupPath): string[] {
  const warnings = [];
  if (existsSync(store.files.absolute('BACKUP.JSON'))) {
    warnings.push(
      `The file system of ${store.root} does not tell upper from lower case: blobs may have overwritten each other there.`,
    );
  }
  for (const stray of store.accountIds().strays.slice(0, 20)) {
    warnings.push(`accounts/${JSON.stringify(stray)} is no account and is passed over.`);
  }
  return warnings;
}

/**
 * Refuses when the target clearly has too little room for what is not there yet; forced, it only says so.
 * @throws Problem `TargetTooSmall`
 */
export async function requireSpace(session: Session, work: readonly WorkRow[]): Promise<string[]> {
  const { target, ledger, operation, request } = session;
  const free = await target.freeBytes();
  if (free === null) return [];
  const { scope } = operation.row();
  const included = work.filter((row) => row.excluded === null && row.defect === null);
  const average = averageSize(session, included);
  const missing = included.reduce(
    (sum, row) => sum + Math.max(0, row.files - ledger.doneCount(scope, row.account)),
    0,
  );
  const needed = Math.round(missing * average);
  if (needed * TOLERANCE <= free) return [];
  const what = `${target.description} has ${megabytes(free)} free; about ${megabytes(needed)} are needed for ${missing} items`;
  if (request.input.forceAsExternalRestore) return [`${what}.`];
  throw new Problem('TargetTooSmall', `${what} (forceAsExternalRestore goes on all the same).`, {
    free,
    needed,
  });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** Mean size that an item will take, bytes, over an even sample of all accounts. */
function averageSize({ store, view, chosen, request }: Session, work: readonly WorkRow[]): number {
  const total = work.reduce((sum, row) => sum + row.files, 0);
  const step = Math.max(1, Math.floor(total / SAMPLE));
  let seen = 0;
  let sampled = 0;
  let bytes = 0;
  for (const row of work) {
    for (const entry of walkChosen(store, chosen, row.id, START)) {
      if (seen++ % step !== 0 || entry.kind === 'folder') continue;
      const states = statesOf(store, entry);
      const state = states instanceof Defect ? null : takenState(view, states);
      sampled++;
      if (state !== null && !isFiltered(state, request.input)) bytes += plausibleSize(store, state);
    }
  }
  return sampled === 0 ? 0 : bytes / sampled;
}

/** The size that the metadata tells, but no more than its blob can hold. */
function plausibleSize(store: BackupPath, { size, digest }: ItemState): number {
  if (size <= LARGE) return size;
  if (digest === null || digestAlgorithm(digest) === null) return 0;
  const blob = statSync(store.files.absolute(blobPath(digest)), { throwIfNoEntry: false });
  return Math.min(size, (blob?.size ?? 0) * GZIP_AT_BEST);
}
