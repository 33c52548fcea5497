/** Recovery by a clone of a virtual machine: what the snapshot lacks comes from the Backup Path that it did not touch. */
import { parseInput } from '../contracts/input';
import {
  snapshotRecoveryExample,
  snapshotRecoveryInput,
  type SnapshotRecoveryRequest,
  type SnapshotRecoveryResult,
} from '../contracts/snapshot-recovery';
import { externalRestore } from './external-restore';
import { unwrapFailure } from './failure';
import { operationName } from './operation-name';
import { aftermathStep } from './recovery-end';
import { numberedChild } from './numbered-child';
import { Runbook } from './runbook';

const ISOLATED = 'the clone is isolated';
const AGAIN = 'restore again';
const ENOUGH = 'it is enough';
const HANDED_OVER = 'handed over';

export async function snapshotRecovery(raw: SnapshotRecoveryRequest): Promise<SnapshotRecoveryResult> {
  const input = parseInput(snapshotRecoveryInput, raw, snapshotRecoveryExample);
  const name = operationName();
  const { operationId } = name;
  const runbook = new Runbook({
    title: 'Snapshot recovery',
    steps: [
      ['isolation', 'The clone is isolated'],
      ['source', 'The untouched Backup Path'],
      ['restore', 'External Restore of what is missing'],
      ['checks', 'Is everything there'],
      ['handover', 'Handing over'],
    ],
    ...input,
  });
  const child = numberedChild();
  try {
    await runbook.step(
      'isolation',
      () => runbook.ask('isolation', { text: ISOLATION, options: [ISOLATED] }),
      text,
    );
    await runbook.step(
      'source',
      () => runbook.acts.checkSnapshotSource({ source: input.sourcePath }),
      ({ text: found }) => found,
    );
    let [rounds, restored] = [0, 0];
    const last = await runbook.step(
      'restore',
      async () => {
        for (;;) {
          const result = await child(
            externalRestore,
            'restore',
            {
              ...input.restore,
              // the source is of this very server, which is refused otherwise
              ...{
                sourcePath: input.sourcePath,
                forceAsExternalRestore: true,
                notifications: input.notifications,
              },
              carbonio: { ...input.restore.carbonio, pauseScanner: 'always' },
              advanced: { heartbeatSeconds: input.advanced.heartbeatSeconds },
            },
            runbook.shownBy('restore'),
          );
          rounds++;
          restored += result.restored;
          runbook.file(result.reportDir);
          const [next] = await runbook.ask('restore', {
            text:
              `Round ${rounds}: ${result.restored} restored, ${result.skipped} there already, ${result.unrestored} unrestored ` +
              `(${result.reportDir}). It can be repeated as long as the clone is isolated; what is there is skipped.`,
            options: [AGAIN, ENOUGH],
            proposed: [ENOUGH],
          });
          if (next === ENOUGH) return result;
        }
      },
      ({ unrestored }) => `${rounds} rounds, ${restored} restored, ${unrestored} unrestored`,
    );
    await aftermathStep({ runbook, child, name, advanced: input.advanced }, 'checks', input.sourcePath, last);
    await runbook.step(
      'handover',
      () => runbook.ask('handover', { text: HANDOVER, options: [HANDED_OVER] }),
      text,
    );
    runbook.end('ended');
    return { status: last.status, operationId, rounds, restored, unrestored: last.unrestored };
  } catch (error) {
    runbook.end('ended before its end');
    throw unwrapFailure(error);
  }
}

const text = (choice: readonly string[]): string => choice.join(', ');

const ISOLATION = [
  'Confirm that on this clone',
  '- no mail comes in or goes out (its network is separate, or ports 25, 465, 587, 110, 143, 993, 995, 443 are closed);',
  '- no user can log in;',
  '- the production server, if any, is off;',
  '- the Backup Path that the snapshot did not touch is mounted on another path than its own.',
].join('\n');

const HANDOVER = [
  'Before people work on it:',
  '- look at some mailboxes, calendars and address books;',
  '- compare the configuration (`lifeboat server-config diff <backup path> live`);',
  '- see that the Real Time Scanner is on (`lifeboat overrides list` is empty) and run a SmartScan (`lifeboat host smartScan`);',
  '- keep the old Backup Path, read-only;',
  '- open the network: mail in and out, then users.',
].join('\n');
