/**
 * Verifies a Backup Path: every blob is read and compared with its name, every metadata file is read, and every blob
 * that it names must be there.
 *
 * Two passes, each shared by threads that read synchronously. The first makes an index of the blobs (verify-index.ts:
 * nine bytes each), the second looks up in it what the metadata name; what it leaves unmarked are orphans. Damaged
 * blobs are not kept in a list: whoever names one reads it again to learn what is wrong, so that memory does not grow
 * with the damage.
 */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { broken, Defect } from './defect';
import { ACCOUNTS, SERVER } from './layout';
import { BackupPath } from './store';
import { blobFolders, toldOf } from './verify-blobs';
import { BlobIndex } from './verify-index';
import { ACCOUNT_GROUPS } from './verify-items';
import type { Report } from './verify-messages';
import {
  addCounts,
  VERIFY_CLASSES,
  VERIFY_PHASES,
  zeroCounts,
  type FindingCounts,
  type VerifyCounts,
  type VerifyCursor,
  type VerifyFinding,
  type VerifyPhase,
  type VerifyProgress,
  type VerifyScope,
  type VerifySummary,
} from './verify-model';
import { storeDefects } from './verify-maps';
import { VerifyPool } from './verify-pool';
import { loadState, saveState } from './verify-state';

export interface VerifyOptions {
  /** Default: one a core. */
  readonly threads?: number;
  /** Called for each finding, in no fixed order. Findings are not kept. */
  readonly onFinding?: (finding: VerifyFinding) => void;
  /** Called several times a second at most, while something is done. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** When it aborts, the verification ends at its next folder and answers with a cursor. */
  readonly signal?: AbortSignal;
  /** When it aborts, the verification ends also in the middle of a blob; then it fails, and what it was at is not done. */
  readonly cancel?: AbortSignal;
  /** Where a stopped verification keeps what it knows of the blobs, 9 bytes each. Without it, it cannot be resumed. */
  readonly stateFile?: string;
  /** How much of the store. Default: everything. A resumed verification must be given the same. */
  readonly scope?: Partial<VerifyScope>;
  /** Goes on from there; needs the state file of that verification. */
  readonly cursor?: VerifyCursor | null;
}

const PROGRESS_EVERY_MS = 200;

/**
 * @param path absolute path of the Backup Path
 * @throws Problem as `BackupPath.open`; `SourceUnavailable` when the store goes away meanwhile; `StateUnavailable`
 */
export async function verifyStore(path: string, options: VerifyOptions = {}): Promise<VerifySummary> {
  const store = BackupPath.open(path);
  const verification = new Verification(store, options);
  const pool = new VerifyPool(path, options.threads ?? availableParallelism(), (report) =>
    verification.take(report),
  );
  const stop = (): void => pool.stop();
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  const cancel = (): void => pool.cancel();
  options.cancel?.addEventListener('abort', cancel);
  if (options.cancel?.aborted) cancel();
  try {
    return await verification.run(pool);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    options.cancel?.removeEventListener('abort', cancel);
    await pool.close();
  }
}

class Verification {
  private readonly id: string;
  private readonly scope: VerifyScope;
  private phase: VerifyPhase;
  private after: VerifyCursor['after'];
  private readonly counts: VerifyCounts = zeroCounts();
  private readonly findings: FindingCounts;
  private readonly index: BlobIndex;
  /** Names among the accounts that cannot be any. */
  private strays: readonly string[] = [];
  private units = { done: 0, total: 0 };
  private toldAt = 0;

  constructor(
    private readonly store: BackupPath,
    private readonly options: VerifyOptions,
  ) {
    const { cursor, stateFile } = options;
    this.id = cursor?.id ?? randomUUID();
    this.scope = { accounts: null, sample: null, ...options.scope };
    this.phase = cursor?.phase ?? (this.scope.accounts === null ? 'blobs' : 'items');
    this.after = cursor?.after ?? null;
    if (cursor) addCounts(this.counts, cursor.counts);
    const none = VERIFY_CLASSES.map((name) => [name, cursor?.findings[name] ?? 0]);
    this.findings = Object.fromEntries(none) as FindingCounts;
    if (cursor && stateFile === undefined)
      throw new Error('a cursor needs the state file that it belongs to');
    this.index = new BlobIndex(cursor && stateFile !== undefined ? loadState(stateFile, this.id) : []);
  }

  async run(pool: VerifyPool): Promise<VerifySummary> {
    const phases = VERIFY_PHASES.filter((phase) => this.scope.accounts === null || phase === 'items');
    for (const phase of phases.slice(phases.indexOf(this.phase))) {
      if (phase !== this.phase) this.after = null;
      this.phase = phase;
      if (!(await this.runPhase(pool))) return this.stopped();
      if (phase === 'items' && this.scope.accounts === null) await this.checkOthers();
    }
    this.tell(true);
    return this.summary(true, null);
  }

  /** @returns whether the phase is done */
  private async runPhase(pool: VerifyPool): Promise<boolean> {
    const { phase } = this;
    const names = this.names();
    const groups = phase === 'items' ? ACCOUNT_GROUPS : 1;
    const first = firstUnit(names, groups, this.after);
    this.units = { done: first, total: names.length * groups };
    const folders = phase === 'blobs' ? [] : this.index.all();
    if (first >= this.units.total) return true;
    const next = Math.min(
      await pool.run({ phase, names, folders, scope: this.scope }, first),
      this.units.total,
    );
    if (next > first) {
      const group = (next - 1) % groups;
      this.after = { name: names[(next - 1 - group) / groups] as string, group };
    }
    return next >= this.units.total;
  }

  private names(): string[] {
    if (this.phase === 'orphans') return this.index.unusedLooks();
    if (this.scope.accounts !== null) return [...this.scope.accounts].sort();
    try {
      if (this.phase === 'blobs') return blobFolders(this.store);
      const { ids, strays } = this.store.accountIds();
      this.strays = strays;
      return ids;
    } catch (error) {
      this.defect(error);
      return [];
    }
  }

  /** What belongs to no account. */
  private async checkOthers(): Promise<void> {
    for (const name of this.strays) {
      this.defect(broken('no name of an account', this.store.files.absolute(`${ACCOUNTS}/${name}`)));
    }
    for await (const defect of storeDefects(this.store)) this.defect(defect);
    try {
      if (this.store.serverConfig() !== null) return;
      const path = this.store.files.absolute(SERVER);
      throw new Defect('read', `there is no server configuration in ${path}`, path, 'ENOENT');
    } catch (error) {
      this.defect(error);
    }
  }

  private defect(error: unknown): void {
    if (!(error instanceof Defect)) throw error;
    if (error.kind === 'read') this.store.assertThere();
    this.emit({ account: null, item: null, ...toldOf(this.store, error) });
  }

  private emit(finding: VerifyFinding): void {
    this.findings[finding.class]++;
    this.options.onFinding?.(finding);
  }

  take({ units, counts, findings, folders }: Report): void {
    addCounts(this.counts, counts);
    for (const folder of folders) this.index.add(folder);
    for (const finding of findings) this.emit(finding);
    this.units.done += units;
    this.tell(false);
  }

  private tell(always: boolean): void {
    const now = Date.now();
    if (!always && now - this.toldAt < PROGRESS_EVERY_MS) return;
    this.toldAt = now;
    this.options.onProgress?.({ phase: this.phase, ...this.units, ...this.counts });
  }

  private stopped(): VerifySummary {
    const { id, phase, after, counts, findings } = this;
    const { stateFile } = this.options;
    if (stateFile === undefined) return this.summary(false, null);
    saveState(stateFile, id, this.index.all());
    return this.summary(false, { id, phase, after, counts: { ...counts }, findings: { ...findings } });
  }

  private summary(complete: boolean, cursor: VerifyCursor | null): VerifySummary {
    const orphans = complete && this.scope.accounts === null ? this.index.orphans() : null;
    return { ...this.counts, complete, orphans, findings: { ...this.findings }, cursor };
  }
}

/** The unit behind the last one that is done; names may have come and gone since. */
function firstUnit(names: readonly string[], groups: number, after: VerifyCursor['after']): number {
  if (after === null) return 0;
  const at = names.findIndex((name) => name >= after.name);
  if (at < 0) return names.length * groups;
  return names[at] === after.name ? at * groups + after.group + 1 : at * groups;
}
