/**
 * Tells a bad item from a source that went away. A mount that vanished makes every item "unreadable"; classing
 * them would report thousands of lost messages that are all still there.
 */
import type { Defect } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';

/** So many items in a row that fail the same way are not believed. */
export const STREAK_LIMIT = 50;

export class SourceGuard {
  private signature: string | null = null;
  private length = 0;

  /**
   * @param believed signatures of failures that lasted longer than the operator's patience while the source seemed
   * healthy: these items really are unreadable
   */
  constructor(
    private readonly store: BackupPath,
    private readonly believed: ReadonlySet<string>,
  ) {}

  /** How many of the items seen last failed alike and are not believed yet. */
  get streak(): number {
    return this.length;
  }

  ok(): void {
    this.signature = null;
    this.length = 0;
  }

  /** @throws Problem `SourceUnavailable` when the store is gone, or the streak is too long to be chance */
  failed(defect: Defect): void {
    if (defect.kind !== 'read') return this.ok();
    this.store.assertThere();
    if (this.believed.has(defect.signature)) return this.ok();
    if (this.signature !== defect.signature) this.length = 0;
    this.signature = defect.signature;
    this.length++;
    if (this.length >= STREAK_LIMIT) {
      throw new Problem(
        'SourceUnavailable',
        `${this.length} items in a row cannot be read (${defect.message}); none of them is counted as lost yet.`,
        { path: this.store.root, streak: defect.signature },
      );
    }
  }
}
