/**
 * Bringing a copy, or some accounts of it, to a local folder. backup.json comes last: before it is there, nobody takes
 * the folder for a Backup Path. Done again, each step goes on from what is there.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { digestAlgorithm } from '../backup-path/digest';
import { Defect } from '../backup-path/defect';
import { findAccounts } from '../backup-path/find-account';
import { accountDir, blobPath, MARKER } from '../backup-path/layout';
import { BackupPath } from '../backup-path/store';
import { walkItems } from '../backup-path/walk';
import { destinationText } from '../contracts/destination';
import { Problem } from '../failures';
import { FETCHED, remotePath } from '../rsync/arguments';
import { MIRROR, mirrorMetadata, requireCopy, type CopyContext } from './copy-context';
import { listed, NameList, readNames, unlisted } from './name-list';
import { isWithin, realPathOf } from './real-path';
import { sync, type RunResult } from './sync-context';
import { Breather } from './walk';

const fetched = z.object({ destination: z.string(), done: z.boolean() });

const WANTED = 'wanted.list';

export interface Fetched {
  readonly files: number;
  readonly bytes: number;
}

/** @throws Problem `CopyNotFound`, `OutputOccupied`, `SyncOverlap` */
export async function beginFetch(context: CopyContext, outputDir: string): Promise<void> {
  const { destination } = context.transport;
  const where = destinationText(destination);
  if (destination.kind === 'path') {
    const [copy, output] = [realPathOf(destination.path), realPathOf(outputDir)];
    if (isWithin(copy, output) || isWithin(output, copy))
      throw new Problem('SyncOverlap', `One of ${copy} and ${output} is in the other.`);
  }
  await requireCopy(context);
  try {
    mkdirSync(outputDir, { mode: 0o750 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new Problem('OutputOccupied', `${outputDir} cannot be made (${code}).`, {}, { cause: error });
  }
  if (readdirSync(outputDir).length > 0 && !isOurs(outputDir, where))
    throw new Problem('OutputOccupied', `${outputDir} holds something that was not fetched from ${where}.`);
  note(outputDir, where, false);
  // whole again only at the end
  rmSync(join(outputDir, MARKER), { force: true });
}

/** A backup.json proves nothing: the Backup Path itself and every other copy of it have the same. */
function isOurs(outputDir: string, where: string): boolean {
  const file = join(outputDir, FETCHED);
  try {
    if (!lstatSync(file).isFile()) return false;
    return fetched.parse(JSON.parse(readFileSync(file, 'utf8'))).destination === where;
  } catch {
    return false; // not there, or not one of ours
  }
}

function note(outputDir: string, destination: string, done: boolean): void {
  writeFileSync(join(outputDir, FETCHED), JSON.stringify({ destination, done }));
}

const rulesOf = (...names: string[]): string[] => [
  ...names.map((name) => `--include=${name}`),
  '--exclude=*',
];
/** What is no account's. */
const COMMON = ['/backup.json', '/backupstat', '/server', '/server/**', '/map_*'];

/**
 * Fetches the metadata of the accounts to look at, and lists the blobs that they name.
 * @throws Problem `AccountNotFound`
 */
export async function chooseAccounts(context: CopyContext, accounts: readonly string[]): Promise<number> {
  const index = rulesOf(...COMMON, '/accounts', '/accounts/*', '/accounts/*/account_info');
  const mirror = await mirrorMetadata({ ...context, workDir: join(context.workDir, 'index') }, index);
  const ids = [...new Set(findAccounts(BackupPath.open(mirror), accounts).map(({ id }) => id))];
  const folders = ids.flatMap((id) => [`/${accountDir(id)}`, `/${accountDir(id)}/**`]);
  await mirrorMetadata(context, rulesOf(...COMMON, '/accounts', ...folders));
  await listBlobs(context, ids);
  return ids.length;
}

async function listBlobs(context: CopyContext, ids: readonly string[]): Promise<void> {
  const store = BackupPath.open(join(context.workDir, MIRROR));
  const list = new NameList(join(context.workDir, WANTED));
  const seen = new Set<string>();
  const breather = new Breather(context.signal);
  for (const id of ids) {
    for (const entry of walkItems(store, id)) {
      await breather.breathe();
      if (entry.kind === 'folder') continue; // whoever restores is told
      try {
        for (const { digest } of store.itemStates(entry.path)) {
          if (digest === null || digestAlgorithm(digest) === null || seen.has(digest)) continue;
          seen.add(digest);
          list.add(listed(blobPath(digest)));
        }
      } catch (error) {
        if (!(error instanceof Defect)) throw error; // damaged in the copy too: it is fetched as it is
      }
    }
  }
  list.close();
}

/** @param chosen only the blobs of chosen accounts */
export async function fetchBlobs(context: CopyContext, outputDir: string, chosen: boolean): Promise<Fetched> {
  const ends = { from: remotePath(context.transport), to: `${outputDir}/`, progress: true };
  const only = { filesFrom: join(context.workDir, WANTED), ignoreMissing: true };
  const run = { ...ends, ...(chosen ? only : { scope: 'blobs' as const }) };
  return figures(await sync(context, run, { what: 'fetching blobs' }));
}

/** All metadata but backup.json, before the blobs: a copy that grows meanwhile has whatever they name. */
export async function fetchMetadata(
  context: CopyContext,
  outputDir: string,
  chosen: boolean,
): Promise<Fetched> {
  return metadataRun(context, outputDir, chosen, [`--exclude=/${MARKER}`]);
}

async function metadataRun(
  context: CopyContext,
  outputDir: string,
  chosen: boolean,
  rules: readonly string[],
): Promise<Fetched> {
  const from = chosen ? `${join(context.workDir, MIRROR)}/` : remotePath(context.transport);
  const local = chosen ? { ...context, transport: here(context, outputDir) } : context;
  const run = { from, to: `${outputDir}/`, scope: 'metadata' as const, progress: true, rules };
  return figures(await sync(local, run, { what: 'fetching metadata' }));
}

/** backup.json. Answers how many wanted blobs are not there; null when all was fetched as it is. */
export async function finishFetch(
  context: CopyContext,
  outputDir: string,
  chosen: boolean,
): Promise<Fetched & { missing: number | null }> {
  const missing = chosen ? await countMissing(context, outputDir) : null;
  const last = await metadataRun(context, outputDir, chosen, rulesOf(`/${MARKER}`));
  note(outputDir, destinationText(context.transport.destination), true);
  return { ...last, missing };
}

/** From the mirror into the folder: both are on this machine. */
const here = ({ transport }: CopyContext, path: string): CopyContext['transport'] => ({
  ...transport,
  destination: { kind: 'path', path },
  bandwidthLimit: null,
  compress: false,
});

async function countMissing({ workDir, signal }: CopyContext, outputDir: string): Promise<number> {
  const breather = new Breather(signal);
  let missing = 0;
  for await (const names of readNames(join(workDir, WANTED))) {
    for (const name of names) if (!existsSync(join(outputDir, unlisted(name)))) missing++;
    await breather.breathe();
  }
  return missing;
}

const figures = ({ stats }: RunResult): Fetched => ({
  files: stats.transferred,
  bytes: stats.sent + stats.received,
});
