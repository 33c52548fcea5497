/** Brings the items of a batch into the mailbox, and says what became of each. */
import type { Blob } from '../backup-path/blob';
import { Defect, Interrupted } from '../backup-path/defect';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { AccountLedger } from '../ledger/account-ledger';
import type { LateOutcomes, Mailbox, MessageContent } from '../mail/target';
import type { Candidate } from './classify';
import { contentOf, measured, sentDate, sentFlags } from './measured';
import type { Matches } from './matches';
import type { FolderResolver } from './folders';
import { countedAs, defectOutcome, inDoubt, unrestored, type Outcome } from './outcome';
import { saveItem } from './saved-items';
import type { SourceGuard } from './source-guard';

export interface DelivererEnv {
  readonly store: BackupPath;
  readonly reportDir: string;
  readonly saveInvalid: boolean;
  readonly guard: SourceGuard;
}

type ToDeliver = Extract<Candidate, { kind: 'deliver' | 'save' }>;

export class Deliverer {
  constructor(
    private readonly env: DelivererEnv,
    private readonly accountId: string,
    private readonly mailbox: Mailbox,
    private readonly folders: FolderResolver,
    private readonly keyOf: (item: number) => string,
    private readonly ledger: AccountLedger,
    private readonly matches: Matches,
  ) {}

  /** What the target wants to be remembered of each message that will be injected, by item. */
  async traces(batch: readonly Candidate[]): Promise<Map<number, string>> {
    const { mailbox, ledger } = this;
    const traces = new Map<number, string>();
    if (!mailbox.announce) return traces;
    const folderOf = new Map<number, string>();
    for (const candidate of batch) {
      if (candidate.kind !== 'deliver') continue;
      folderOf.set(candidate.item, await this.folders.resolve(candidate.state.folder));
    }
    const byFolder = await mailbox.announce([...new Set(folderOf.values())], () => ledger.assertCurrent());
    for (const [item, folder] of folderOf) traces.set(item, byFolder.get(folder) ?? '');
    return traces;
  }

  /**
   * Delivers a batch and makes it visible. One outcome for each candidate, in order; fewer when it is asked to stop in
   * the middle of a large one.
   * @param ready contents that were read before, by item; each is let go as it is delivered
   */
  async bring(batch: readonly Candidate[], ready: Map<number, Blob>): Promise<Outcome[]> {
    const outcomes = await this.deliverAll(batch, ready);
    const late = await this.mailbox.commit(() => this.ledger.assertCurrent());
    if (late) await this.takeLate(outcomes, batch, late);
    return outcomes;
  }

  /** Puts what the target said at the end in the place of what was thought before. */
  private async takeLate(
    outcomes: Outcome[],
    batch: readonly Candidate[],
    late: LateOutcomes,
  ): Promise<void> {
    for (const [index, candidate] of batch.entries()) {
      const said = late.get(candidate.item);
      if (said === undefined || candidate.kind !== 'deliver') continue;
      const before = outcomes[index] as Outcome;
      if (said.kind === 'accepted') {
        if (said.notes.length === 0) continue;
        const note = [...(before.note === undefined ? [] : [before.note]), ...said.notes].join('; ');
        outcomes[index] = { ...before, note };
      } else if (said.kind === 'doubtful') {
        outcomes[index] = { ...unrestored(candidate, 'doubtful', said.reason), dropIntent: true };
      } else {
        outcomes[index] = await this.refusedLate(candidate, said.reason);
      }
    }
  }

  /** What became of the others must be recorded, so neither a wish to stop nor a blob that went bad ends this. */
  private async refusedLate(candidate: ToDeliver, reason: string): Promise<Outcome> {
    if (!this.env.saveInvalid) return unrestored(candidate, 'invalid', reason);
    try {
      const blob = await this.env.store.blobs.loadToTheEnd(candidate.state.digest);
      return await this.refused(candidate, blob, reason);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      return unrestored(candidate, 'invalid', `${reason}; it could not be saved: ${error.message}`);
    }
  }

  private async deliverAll(batch: readonly Candidate[], ready: Map<number, Blob>): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const candidate of batch) {
      const reads = readsBlob(candidate) ? 'blob' : 'metadata';
      try {
        outcomes.push(await this.deliver(candidate, ready));
        this.env.guard.ok(reads);
      } catch (error) {
        if (error instanceof Interrupted) break;
        if (!(error instanceof Defect)) throw error;
        const uncertain = this.env.guard.failed(error, reads);
        const outcome =
          candidate.kind === 'doubtful'
            ? inDoubt(candidate, error)
            : defectOutcome(this.env.store, candidate, error);
        outcomes.push({ ...outcome, uncertain });
      }
    }
    return outcomes;
  }

  private async deliver(candidate: Candidate, ready: Map<number, Blob>): Promise<Outcome> {
    const { item, cursor } = candidate;
    switch (candidate.kind) {
      case 'defect':
        throw candidate.defect;
      case 'apart':
        return this.apart(candidate.item, candidate.cursor, candidate.state);
      case 'doubtful':
        if (candidate.defect) throw candidate.defect;
        return inDoubt(candidate);
      case 'tried':
        return candidate.outcome;
      case 'filtered':
        return { item, cursor, counts: 'filtered' };
      case 'absent':
        return { item, cursor, counts: countedAs(candidate.state.type) };
      case 'present':
        return {
          item,
          cursor,
          counts: candidate.ours ? 'restored' : 'skipped',
          bytes: candidate.ours ? candidate.state.size : 0,
        };
      case 'match':
        return { item, cursor, counts: 'skipped', ledger: { matched: candidate.digest } };
      case 'save':
      case 'deliver': {
        const blob = ready.get(item) ?? (await this.env.store.blobs.load(candidate.state.digest));
        ready.delete(item);
        return candidate.kind === 'save' ? this.save(candidate, blob) : this.inject(candidate, blob);
      }
    }
  }

  private async apart(item: number, cursor: Outcome['cursor'], state: ItemState): Promise<Outcome> {
    const counts = countedAs(state.type);
    if (state.type === 'tag' && !state.deleted && state.name !== null) await this.mailbox.tag?.(state.name);
    if (state.type === 'mountpoint') {
      const mountpoint = { itemId: item, folder: state.folder, name: state.name };
      return { item, cursor, counts, ...(state.deleted ? {} : { mountpoint }) };
    }
    if (state.type === 'folder' && !state.deleted) await this.folders.resolve(item);
    return { item, cursor, counts };
  }

  private async save(candidate: ToDeliver, blob: Blob): Promise<Outcome> {
    const { type } = candidate.state;
    const what = { id: candidate.item, type };
    const savedAs = await saveItem(this.env.reportDir, 'unsupported', this.accountId, what, blob);
    return unrestored(
      candidate,
      'unsupported',
      `${type === 'appointment' ? 'an' : 'a'} ${type}, which the target cannot hold`,
      savedAs,
    );
  }

  private async refused(candidate: ToDeliver, blob: Blob, reason: string): Promise<Outcome> {
    const { type } = candidate.state;
    const savedAs = this.env.saveInvalid
      ? await saveItem(this.env.reportDir, 'invalid', this.accountId, { id: candidate.item, type }, blob)
      : undefined;
    return unrestored(candidate, 'invalid', reason, savedAs);
  }

  /** The digest under which the target had this content before us, in a form of its own; null when it had not. */
  private async alreadyThere(content: MessageContent): Promise<string | null> {
    if (!this.matches.possible) return null;
    const digest = await this.mailbox.storedDigest?.(content);
    return digest && this.matches.take(digest) ? digest : null;
  }

  private async inject(candidate: ToDeliver, blob: Blob): Promise<Outcome> {
    const { item, cursor, state } = candidate;
    const folder = await this.folders.resolve(state.folder);
    const content = state.type === 'message' ? measured(blob) : { of: contentOf(blob), longest: () => 0 };
    const known = await this.alreadyThere(content.of);
    if (known !== null) return { item, cursor, counts: 'skipped', ledger: { matched: known } };
    const outcome = await this.mailbox.deliver({
      itemId: item,
      type: state.type,
      key: this.keyOf(item),
      folder,
      flags: sentFlags(state),
      tags: state.tags,
      date: sentDate(state),
      content: content.of,
    });
    if (outcome.kind === 'invalid') return this.refused(candidate, blob, outcome.reason);
    if (outcome.kind === 'doubtful') return unrestored(candidate, 'doubtful', outcome.reason);
    const notes = [...outcome.notes];
    const longest = content.longest();
    if (longest > 0) notes.push(`Carbonio itself would refuse it: a line of ${longest} bytes`);
    if (blob.doubleGzipped) notes.push('the blob was compressed twice');
    if (blob.trailingBytes) notes.push('the blob has foreign bytes behind its data');
    return {
      item,
      cursor,
      counts: 'restored',
      bytes: blob.size,
      ledger: 'delivered',
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    };
  }
}

const readsBlob = (candidate: Candidate): boolean =>
  candidate.kind === 'save' ||
  candidate.kind === 'deliver' ||
  (candidate.kind === 'doubtful' && candidate.defect !== undefined);
