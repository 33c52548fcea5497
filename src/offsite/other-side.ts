/** Looking at what is at a destination, and trying whether names that differ in case are two files there. */
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import { Problem } from '../failures';
import {
  listArguments,
  PROBE,
  remotePath,
  runArguments,
  TOKEN,
  type Run,
  type Transport,
} from '../rsync/arguments';
import { problemOf } from '../rsync/exit-codes';
import { runRsync } from '../rsync/runner';
import { leaveHere, lookHere, NO_CONTENT, probeHere, readHere, textOf, type OtherSide } from './folder-side';
import { makeDestination } from './guard-destination';

export class OtherSideLook {
  constructor(
    private readonly transport: Transport,
    /** For what is fetched or prepared. */
    private readonly workDir: string,
    private readonly signal: AbortSignal,
  ) {}

  async look(): Promise<OtherSide> {
    const { destination } = this.transport;
    if (destination.kind === 'path') return lookHere(destination.path);
    const names: string[] = [];
    const end = await runRsync(listArguments(this.transport), {
      signal: this.signal,
      onLine: (line) => {
        const name = listedName(line);
        if (name !== null && !NO_CONTENT.has(name)) names.push(name);
      },
    });
    if (end.code === 23 && NOT_THERE.test(end.stderr)) return { exists: false, names: [], marker: null };
    const problem = problemOf('Looking at the destination', end);
    if (problem) throw problem;
    return { exists: true, names, marker: names.includes(MARKER) ? await this.fetch(MARKER) : null };
  }

  /** What the newest sync left there (token.ts); null when there is nothing. */
  async token({ names }: OtherSide): Promise<string | null> {
    if (!names.includes(TOKEN)) return null;
    const { destination } = this.transport;
    return destination.kind === 'path' ? textOf(join(destination.path, TOKEN)) : this.fetch(TOKEN);
  }

  /** The folder of the copy keeps the time that the source has. */
  async leaveToken(content: string, source: string): Promise<void> {
    const { destination } = this.transport;
    if (destination.kind === 'path') return leaveHere(destination.path, content);
    const local = join(this.workDir, 'token');
    rmSync(local, { recursive: true, force: true });
    mkdirSync(local);
    writeFileSync(join(local, TOKEN), content, { mode: 0o640 });
    likeSource(local, source);
    await this.run('Leaving a note of this sync', {
      ...{ from: `${local}/`, to: remotePath(this.transport) },
      rules: [`--include=/${TOKEN}`, '--exclude=*'],
    });
  }

  private async fetch(name: string): Promise<string> {
    const file = join(this.workDir, name === MARKER ? 'marker.json' : 'token.json');
    rmSync(file, { force: true });
    await this.run(`Reading its ${name}`, {
      ...{ from: remotePath(this.transport, name), to: file, owners: false },
      rules: [`--include=/${name}`],
    });
    return textOf(file);
  }

  /**
   * Writes two files whose names differ in case, lists them, removes them: rsync itself lets one overwrite the other
   * and ends with 0. The folder above keeps the time that the source has.
   * @throws Problem `DestinationNotCaseSensitive`, `SyncOverlap` when the destination is the source itself
   */
  async probe(source: string): Promise<void> {
    const { destination } = this.transport;
    const found = destination.kind === 'path' ? probeHere(destination.path) : await this.probeThere(source);
    if (found.length === 2) return;
    const what =
      found.length === 1
        ? 'At the destination, two names that differ only in case are one file; blobs would overwrite each other.'
        : `At the destination, two files were written and ${found.length} are there.`;
    throw new Problem('DestinationNotCaseSensitive', what);
  }

  private async probeThere(source: string): Promise<string[]> {
    const local = join(this.workDir, 'probe');
    const folder = join(local, PROBE);
    rmSync(local, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const token = randomUUID();
    writeFileSync(join(folder, 'case'), token);
    writeFileSync(join(folder, 'CASE'), `${token}${token}`);
    likeSource(local, source);
    try {
      await this.run('Trying the destination', {
        from: `${folder}/`,
        to: remotePath(this.transport, `${PROBE}/`),
      });
      if (readHere(join(source, PROBE, 'case')) !== null)
        throw new Problem('SyncOverlap', 'The destination is the Backup Path itself.', { source });
      const names: string[] = [];
      const end = await runRsync(listArguments(this.transport, `${PROBE}/`), {
        signal: this.signal,
        onLine: (line) => {
          const name = listedName(line);
          if (name !== null && name !== '.') names.push(name);
        },
      });
      const problem = problemOf('Trying the destination', end);
      if (problem) throw problem;
      return names;
    } finally {
      rmSync(folder, { recursive: true });
      likeSource(local, source);
      await this.run('Tidying the destination', {
        from: `${local}/`,
        to: remotePath(this.transport),
        rules: [`--include=/${PROBE}`, `--include=/${PROBE}/**`, '--exclude=*'],
        delete: true,
      });
    }
  }

  /** Makes the last folder of its path. */
  async make(source: string): Promise<void> {
    const { destination } = this.transport;
    if (destination.kind === 'path') return makeDestination(destination.path);
    const empty = join(this.workDir, 'empty');
    rmSync(empty, { recursive: true, force: true });
    mkdirSync(empty);
    likeSource(empty, source);
    await this.run('Making the destination', { from: `${empty}/`, to: remotePath(this.transport) });
  }

  private async run(what: string, run: Run): Promise<void> {
    const end = await runRsync(runArguments(this.transport, run), { signal: this.signal });
    const problem = problemOf(what, end);
    if (problem) throw problem;
  }
}

/** rsync 3.5 ends with 23, and says why in the words of the C library. */
const NOT_THERE = /change_dir .* failed: No such file or directory \(2\)/;

/** `drwxr-xr-x          4096 2026/11/25 13:57:11 name` */
export function listedName(line: string): string | null {
  return /^[-dlpscbD]\S{9}\s+[\d,]+ \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (.+)$/.exec(line)?.[1] ?? null;
}

/** rsync gives the folder at the destination the attributes of the one that is sent. */
function likeSource(folder: string, source: string): void {
  const { mode, uid, gid, atimeMs, mtimeMs } = lstatSync(source);
  chmodSync(folder, mode & 0o7777);
  if (process.getuid?.() === 0) chownSync(folder, uid, gid);
  utimesSync(folder, atimeMs / 1000, mtimeMs / 1000);
}
