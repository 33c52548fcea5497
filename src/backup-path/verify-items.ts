/** Reads the metadata of an account and looks up every blob that it names. */
import { Defect } from './defect';
import { digestAlgorithm } from './digest';
import { accountDir } from './layout';
import { carriesBlob, type ItemState } from './model';
import type { BackupPath } from './store';
import { isSampled, type Sample } from './sample';
import { examineBlob, missingBlob, toldOf, type Verdict } from './verify-blobs';
import { fingerprint, LOOK, type BlobIndex } from './verify-index';
import { accountDefects } from './verify-maps';
import type { VerifyCounts, VerifyFinding } from './verify-model';
import { walkItems, type Cursor, type WalkEntry } from './walk';

/** An account is checked in so many parts, by item folder, so that threads can share a large one. */
export const ACCOUNT_GROUPS = 10;
const BUCKETS = 100 / ACCOUNT_GROUPS;

/** Deduplication makes one damaged blob known to many items; it is not read for each. */
const REMEMBERED = 256;

type ItemFile = Exclude<WalkEntry, { kind: 'folder' }>;

export interface VerifyOutlet {
  emit(finding: VerifyFinding): void;
  add(counts: Partial<VerifyCounts>): void;
}

export class ItemChecker {
  private readonly verdicts = new Map<string, Verdict[]>();

  constructor(
    private readonly store: BackupPath,
    /** Null: nothing is known of the blobs yet, each is read when it is named. */
    private readonly index: BlobIndex | null,
    private readonly sample: Sample | null,
    private readonly out: VerifyOutlet,
  ) {}

  private emit(finding: VerifyFinding): void {
    this.out.emit(finding);
  }

  /**
   * Checks the items of one group of item folders, with the first group account_info too.
   * @returns how many metadata files there were
   * @throws Problem `SourceUnavailable`
   */
  async check(account: string, group: number): Promise<number> {
    if (group === 0) await this.checkAccount(account);
    const end = (group + 1) * BUCKETS;
    const after: Cursor = { bucket: group * BUCKETS - 1, item: Number.MAX_SAFE_INTEGER };
    let items = 0;
    for (const entry of walkItems(this.store, account, after)) {
      if (entry.cursor.bucket >= end) break;
      if (entry.kind === 'folder') {
        // when not even the item folders can be listed, every group meets that; one tells
        if (entry.cursor !== after || group === 0) this.defect(account, null, entry.defect);
        continue;
      }
      items++;
      await this.checkItem(account, entry);
    }
    return items;
  }

  private async checkAccount(account: string): Promise<void> {
    this.checkInfo(account);
    for await (const defect of accountDefects(this.store, account)) this.defect(account, null, defect);
  }

  private checkInfo(account: string): void {
    try {
      this.store.accountInfo(account);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.defect(account, null, error, `${this.store.files.absolute(accountDir(account))}/account_info`);
    }
  }

  private async checkItem(account: string, entry: ItemFile): Promise<void> {
    const { id: item, path } = entry;
    if (entry.kind === 'misplaced') {
      const reason = `a metadata file in the folder of other ids at ${path}`;
      return this.emit({ account, item, class: 'broken', reason, path });
    }
    let states: ItemState[];
    try {
      states = this.store.itemStates(path);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      return this.defect(account, item, error);
    }
    const current = states.at(-1) as ItemState;
    if (carriesBlob(current.type) && current.digest === null) {
      const reason = `a ${current.type} without a digest at ${path}`;
      this.emit({ account, item, class: 'broken', reason, path });
    }
    const seen = new Set<string>();
    // the current state first: what is wrong with it is what matters most, and is said once
    for (const state of states.reverse()) {
      if (state.digest === null || seen.has(state.digest)) continue;
      seen.add(state.digest);
      const marks = this.index?.use(state.digest) ?? null;
      if (marks === null || marks & LOOK) await this.checkBlob(account, entry, state, state === current);
    }
  }

  /** Not in the index: missing, hidden behind a folder that cannot be listed, or written since. Reading it tells. */
  private async checkBlob(
    account: string,
    { id: item, path }: ItemFile,
    state: ItemState,
    current: boolean,
  ): Promise<void> {
    const digest = state.digest as string;
    const of = current ? '' : `, in the state of ${new Date(state.start).toISOString()}`;
    for (const verdict of await this.examine(digest, path)) {
      // the rule is one for messages, and only the current state is brought back
      if (verdict.class === 'invalid' && !(current && state.type === 'message')) continue;
      this.emit({ account, item, ...verdict, reason: `${verdict.reason}${of}` });
    }
  }

  private async examine(digest: string, namedBy: string): Promise<Verdict[]> {
    if (digestAlgorithm(digest) === null) return this.read(digest, namedBy);
    const known = this.verdicts.get(digest);
    if (known) return known;
    const verdicts = await this.read(digest, namedBy);
    if (this.verdicts.size >= REMEMBERED) this.verdicts.clear();
    this.verdicts.set(digest, verdicts);
    return verdicts;
  }

  private async read(digest: string, namedBy: string): Promise<Verdict[]> {
    if (this.index === null && this.sample && !isSampled(this.sample, fingerprint(digest)))
      return missingBlob(this.store, digest, namedBy);
    const { verdicts, size } = await examineBlob(this.store, digest, namedBy);
    // with an index, the blobs were counted when it was made
    if (this.index === null) this.out.add({ blobs: 1, bytes: size });
    return verdicts;
  }

  private defect(account: string, item: number | null, defect: Defect, path = defect.path): void {
    if (defect.kind === 'read') this.store.assertThere();
    this.emit({ account, item, ...toldOf(this.store, defect), path });
  }
}
