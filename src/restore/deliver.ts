/** Brings the items of a batch into the mailbox, and says what became of each. */
import type { Blob } from '../backup-path/blob';
import { Defect } from '../backup-path/defect';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { Mailbox } from '../mail/target';
import type { ItemClass } from '../report/model';
import type { Candidate } from './classify';
import { contentOf, measured } from './measured';
import type { FolderResolver } from './folders';
import type { Outcome } from './outcome';
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
  ) {}

  /** One outcome for each candidate, in order. Nothing is visible in the target before its commit. */
  async deliverAll(batch: readonly Candidate[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const candidate of batch) {
      const reads = candidate.kind === 'save' || candidate.kind === 'deliver' ? 'blob' : 'metadata';
      try {
        outcomes.push(await this.deliver(candidate));
        this.env.guard.ok(reads);
      } catch (error) {
        if (!(error instanceof Defect)) throw error;
        const uncertain = this.env.guard.failed(error, reads);
        outcomes.push({ ...defectOutcome(this.env.store, candidate, error), uncertain });
      }
    }
    return outcomes;
  }

  private async deliver(candidate: Candidate): Promise<Outcome> {
    const { item, cursor } = candidate;
    switch (candidate.kind) {
      case 'defect':
        throw candidate.defect;
      case 'apart':
        return this.apart(candidate.item, candidate.cursor, candidate.state);
      case 'filtered':
        return { item, cursor, counts: 'filtered' };
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
        const blob = await this.env.store.blobs.load(candidate.state.digest);
        return candidate.kind === 'save' ? this.save(candidate, blob) : this.inject(candidate, blob);
      }
    }
  }

  private async apart(item: number, cursor: Outcome['cursor'], state: ItemState): Promise<Outcome> {
    if (state.type === 'tag') return { item, cursor, counts: 'tags' };
    if (state.type === 'mountpoint') {
      const mountpoint = { itemId: item, folder: state.folder, name: state.name };
      return { item, cursor, counts: 'mountpoints', ...(state.deleted ? {} : { mountpoint }) };
    }
    if (!state.deleted) await this.folders.resolve(item);
    return { item, cursor, counts: 'folders' };
  }

  private async save(candidate: ToDeliver, blob: Blob): Promise<Outcome> {
    const { type } = candidate.state;
    const what = { id: candidate.item, type };
    const savedAs = await saveItem(this.env.reportDir, 'unsupported', this.accountId, what, blob);
    return unrestored(candidate, 'unsupported', `a ${type}, which the target cannot hold`, savedAs);
  }

  private async inject(candidate: ToDeliver, blob: Blob): Promise<Outcome> {
    const { item, cursor, state } = candidate;
    const folder = await this.folders.resolve(state.folder);
    const content = state.type === 'message' ? measured(blob) : { of: contentOf(blob), longest: () => 0 };
    const outcome = await this.mailbox.deliver({
      itemId: item,
      key: this.keyOf(item),
      folder,
      // what was deleted comes back without the mark
      flags: state.deleted ? state.flags.replaceAll('x', '') : state.flags,
      tags: state.tags,
      date: state.date || state.start,
      content: content.of,
    });
    if (outcome.kind === 'invalid') {
      const savedAs = this.env.saveInvalid
        ? await saveItem(this.env.reportDir, 'invalid', this.accountId, { id: item, type: state.type }, blob)
        : undefined;
      return unrestored(candidate, 'invalid', outcome.reason, savedAs);
    }
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

function unrestored(candidate: ToDeliver, kind: ItemClass, reason: string, savedAs?: string): Outcome {
  return {
    item: candidate.item,
    cursor: candidate.cursor,
    counts: 'unrestored',
    dropIntent: true,
    finding: { item: candidate.item, class: kind, reason, ...(savedAs === undefined ? {} : { savedAs }) },
  };
}

/** What cannot be read, or is read and wrong, is an item that was not restored. */
export function defectOutcome(
  store: BackupPath,
  candidate: { item: number; cursor: Outcome['cursor'] },
  defect: Defect,
): Outcome {
  const { item, cursor } = candidate;
  return {
    item,
    cursor,
    counts: 'unrestored',
    dropIntent: true,
    finding: { item, class: defect.kind, reason: defect.message, evidence: store.evidenceOf(defect) },
  };
}
