/** Reads the metadata of an account and looks up every blob that it names. */
import { Defect } from './defect';
import { accountDir } from './layout';
import { carriesBlob, type ItemState } from './model';
import type { BackupPath } from './store';
import { examineBlob, type Verdict } from './verify-blobs';
import { LOOK, type BlobIndex } from './verify-index';
import type { VerifyFinding } from './verify-model';
import { walkItems, type Cursor, type WalkEntry } from './walk';

/** An account is checked in so many parts, by item folder, so that threads can share a large one. */
export const ACCOUNT_GROUPS = 10;
const BUCKETS = 100 / ACCOUNT_GROUPS;

/** Deduplication makes one damaged blob known to many items; it is not read for each. */
const REMEMBERED = 256;

export class ItemChecker {
  private readonly verdicts = new Map<string, Verdict[]>();

  constructor(
    private readonly store: BackupPath,
    private readonly index: BlobIndex,
    private readonly emit: (finding: VerifyFinding) => void,
  ) {}

  /**
   * Checks the items of one group of item folders, with the first group account_info too.
   * @returns how many metadata files there were
   * @throws Problem `SourceUnavailable`
   */
  async check(account: string, group: number): Promise<number> {
    if (group === 0) this.checkInfo(account);
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

  private checkInfo(account: string): void {
    try {
      this.store.accountInfo(account);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.defect(account, null, error, `${this.store.files.absolute(accountDir(account))}/account_info`);
    }
  }

  private async checkItem(account: string, entry: Exclude<WalkEntry, { kind: 'folder' }>): Promise<void> {
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
      const marks = this.index.use(state.digest);
      if (marks === null || marks & LOOK) await this.checkBlob(account, item, state, state === current);
    }
  }

  /** Not in the index: missing, hidden behind a folder that cannot be listed, or written since. Reading it tells. */
  private async checkBlob(account: string, item: number, state: ItemState, current: boolean): Promise<void> {
    const digest = state.digest as string;
    const of = current ? '' : `, in the state of ${new Date(state.start).toISOString()}`;
    for (const verdict of await this.examine(digest)) {
      // the rule is one for messages, and only the current state is brought back
      if (verdict.class === 'invalid' && !(current && state.type === 'message')) continue;
      this.emit({ account, item, ...verdict, reason: `${verdict.reason}${of}` });
    }
  }

  private async examine(digest: string): Promise<Verdict[]> {
    const known = this.verdicts.get(digest);
    if (known) return known;
    const verdicts = await examineBlob(this.store, digest);
    if (this.verdicts.size >= REMEMBERED) this.verdicts.clear();
    this.verdicts.set(digest, verdicts);
    return verdicts;
  }

  private defect(account: string, item: number | null, defect: Defect, path = defect.path): void {
    if (defect.kind === 'read') this.store.assertThere();
    this.emit({ account, item, class: defect.kind, reason: defect.message, path });
  }
}
