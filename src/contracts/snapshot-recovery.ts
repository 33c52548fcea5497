/** Input and result of the workflow `snapshotRecovery`. */
import { z } from 'zod';
import { restoreFields } from './disaster-recovery';
import { absolutePath, notifications } from './fields';
import { runbookFields } from './runbook';

export const snapshotRecoveryInput = z.strictObject({
  sourcePath: absolutePath('the path', '/mnt/untouched').describe(
    'The Backup Path that the snapshot did not touch, mounted on another path than its own. Example: "/mnt/untouched"',
  ),
  restore: restoreFields,
  notifications,
  ...runbookFields,
});
export type SnapshotRecoveryInput = z.output<typeof snapshotRecoveryInput>;
export type SnapshotRecoveryRequest = z.input<typeof snapshotRecoveryInput>;

export const snapshotRecoveryExample: SnapshotRecoveryRequest = {
  sourcePath: '/mnt/untouched',
  notifications: ['admin@example.com'],
};

export interface SnapshotRecoveryResult {
  readonly status: 'completed' | 'partial';
  readonly operationId: string;
  /** How often it was restored. */
  readonly rounds: number;
  /** Of all rounds. */
  readonly restored: number;
  /** Of the last one. */
  readonly unrestored: number;
}
