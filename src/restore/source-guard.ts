/**
 * Tells a bad item from a source that went away. A mount that vanished makes every item "unreadable"; classing
 * them would report thousands of lost messages that are all still there.
 */
import { type Defect } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';

/** So many items in a row that fail the same way are not believed. */
export const STREAK_LIMIT = 50;
/** So many good reads in a row end the belief in a way of failing: what comes then is another trouble. */
const BELIEF_ENDS_AFTER = 200;

/** What was read of an item: only a good read of the same kind ends a streak of bad ones. */
export type Part = 'metadata' | 'blob';

export class SourceGuard {
  private part: Part | null = null;
  private signature: string | null = null;
  private length = 0;
  private good = 0;

  /** @param believed ways of failing that lasted longer than the operator's patience on a source that seems healthy */
  constructor(
    private readonly store: BackupPath,
    private readonly believed: Set<string>,
  ) {}

  /** How many of the items seen last failed alike and are not believed yet. */
  get streak(): number {
    return this.length;
  }

  get beliefs(): string[] {
    return [...this.believed];
  }

  ok(part: Part): void {
    if (part === 'blob' && ++this.good >= BELIEF_ENDS_AFTER) this.believed.clear();
    if (this.part === 'blob' && part === 'metadata') return;
    this.part = null;
    this.signature = null;
    this.length = 0;
  }

  /**
   * @returns whether the failure is uncertain: it may turn out to be that of the source
   * @throws Problem `SourceUnavailable` when the store is gone, or the streak is too long to be chance
   */
  failed(defect: Defect, part: Part): boolean {
    if (defect.kind !== 'read') {
      this.ok(part);
      return false;
    }
    this.store.assertThere();
    this.good = 0;
    const signature = `${part} ${defect.signature}`;
    if (this.believed.has(signature)) return false;
    if (this.signature !== signature) this.length = 0;
    this.part = part;
    this.signature = signature;
    this.length++;
    if (this.length >= STREAK_LIMIT) {
      throw new Problem(
        'SourceUnavailable',
        `${this.length} items in a row cannot be read (${defect.message}); none of them is counted as lost yet.`,
        { path: this.store.root, streak: signature },
      );
    }
    return true;
  }
}
