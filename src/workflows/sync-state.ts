/** What an offsite sync shows of itself. */
import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { OffsiteSyncInput, OffsiteSyncStatus, SyncPass, SyncPhaseName } from '../contracts/offsite-sync';
import type { PassResult } from '../offsite/model';

export const offsiteSyncStatusQuery = defineQuery<OffsiteSyncStatus>('status');

export class SyncState {
  readonly passes: SyncPass[] = [];
  startedAt = Date.now();
  totalSize = 0;
  vanished = false;
  lastSuccess: string | null = null;
  private phase: SyncPhaseName = 'checking';
  private waiting: string | null = null;

  constructor(private readonly input: OffsiteSyncInput) {
    setHandler(offsiteSyncStatusQuery, () => this.status(), {
      description:
        'Phase, passes, and the time of the newest finished sync to this destination (lastSuccess). No input.',
    });
    this.show();
  }

  /** The sync itself begins: what is in the source by now will be in the copy. Answers that time. */
  begins(): number {
    this.startedAt = Date.now();
    this.begin('checking');
    return this.startedAt;
  }

  begin(phase: SyncPhaseName): void {
    this.phase = phase;
    this.show();
  }

  readonly waits = (why: string | null): void => {
    this.waiting = why;
    this.show();
  };

  passed({ totalSize, vanished, leftOut: _leftOut, ...pass }: PassResult): void {
    this.totalSize = Math.max(this.totalSize, totalSize);
    this.vanished ||= vanished;
    this.passes.push(pass);
    this.show();
  }

  sum(of: 'files' | 'bytes' | 'deleted'): number {
    return this.passes.reduce((sum, pass) => sum + pass[of], 0);
  }

  status(): OffsiteSyncStatus {
    const { phase, passes, lastSuccess, waiting } = this;
    const figures = { files: this.sum('files'), bytes: this.sum('bytes'), deleted: this.sum('deleted') };
    return { phase, passes, ...figures, lastSuccess, waiting };
  }

  /** The page of the Temporal UI. */
  private show(): void {
    const { phase, files, bytes, deleted, lastSuccess, waiting } = this.status();
    const { sourcePath, destination, dryRun } = this.input;
    const lines = [
      `**Phase: ${phase}**${dryRun ? ' (dry run)' : ''}`,
      ...(waiting === null ? [] : ['', `Waiting: ${waiting}`]),
      '',
      `- from \`${sourcePath}\` to \`${destination}\``,
      `- so far: ${files} files, ${Math.round(bytes / 1e6)} MB over the line, ${deleted} deleted`,
      `- newest finished sync before: ${lastSuccess ?? 'none'}`,
      ...this.passes.map(({ name, seconds, files: n }) => `- ${name}: ${n} files in ${seconds.toFixed(1)} s`),
      ...(phase === 'ended'
        ? []
        : ['', 'Live numbers stand in the heartbeat details of the pending activity.']),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}
