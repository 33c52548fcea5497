/** What comes after a restore: what is left of the unrestored, whether everything is there, shares, the own backup. */
import type { Candidate } from '../contracts/disaster-recovery';
import type { ExternalRestoreResult } from '../contracts/external-restore';
import type { RunbookTuning } from '../contracts/runbook';
import type { RescueItemsResult } from '../contracts/rescue-items';
import { smartScan } from './host-operations';
import type { operationName } from './operation-name';
import { rescueItems } from './rescue-items';
import type { NumberedChild } from './numbered-child';
import type { Runbook } from './runbook';
import { untilSeen } from './runbook-looks';

const MEND = 'mend the shares';
const LEAVE = 'leave them';

export interface RecoveryEnd {
  readonly runbook: Runbook;
  readonly child: NumberedChild;
  readonly name: ReturnType<typeof operationName>;
  readonly advanced: RunbookTuning;
}

export async function rescueStep(
  { runbook, child, advanced }: RecoveryEnd,
  rescue: 'no' | 'files' | 'inject',
  restored: ExternalRestoreResult | null,
): Promise<void> {
  if (rescue === 'no') return runbook.skip('rescue', 'not asked for');
  if (restored === null) return runbook.skip('rescue', 'the restore has no report to take the items from');
  if (restored.unrestored === 0) return runbook.skip('rescue', 'everything was restored');
  const shared = { advanced: { heartbeatSeconds: advanced.heartbeatSeconds } };
  const request = { report: restored.reportDir, inject: rescue === 'inject', ...shared };
  await runbook.optional(
    'rescue',
    async () => {
      const rescued: RescueItemsResult = await child(rescueItems, 'rescue', request);
      runbook.file(rescued.outputDir);
      return rescued;
    },
    ({ intact, olderState, salvaged, lost, injectionFailure }) =>
      `${intact} intact, ${olderState} in an earlier state, ${salvaged} salvaged in part, ${lost} lost` +
      (injectionFailure === undefined ? '' : `; not injected: ${injectionFailure}`),
  );
}

/** @param step in which it is looked */
export async function aftermathStep(
  { runbook, name }: RecoveryEnd,
  step: string,
  source: string,
  restored: ExternalRestoreResult | null,
): Promise<void> {
  if (restored === null) return runbook.skip(step, 'the restore has no result to look at');
  await runbook.optional(
    step,
    async () => {
      const { sentences, files } = await runbook.acts.checkAftermath({ name, source, result: restored });
      for (const file of files) runbook.file(file);
      return sentences;
    },
    (sentences) => sentences.join(' '),
  );
}

/** What the mail host says of its shares is not documented: a person reads it, and decides. */
export async function sharesStep({ runbook }: RecoveryEnd, source: string): Promise<void> {
  await runbook.optional(
    'shares',
    async () => {
      const { said, map } = await runbook.acts.checkShares({ source });
      const text = `The mail host says of its shares: ${said || 'nothing'}.`;
      if (map === null) return `${text} There is no map of ids to mend them by.`;
      const [answer] = await runbook.ask('shares', {
        text: `${text} Are they mended by ${map}?`,
        options: [MEND, LEAVE],
        proposed: [LEAVE],
      });
      if (answer !== MEND) return `${text} They were left.`;
      return `${text} Mended, it says: ${await runbook.acts.fixShares({ source })}.`;
    },
    (text) => text,
  );
}

/** A backup of the new server, in its own Backup Path; what was restored from is kept. */
export async function ownBackupSteps(
  { runbook, child, advanced }: RecoveryEnd,
  { path }: Candidate,
): Promise<void> {
  await runbook.optional(
    'smartscan',
    () => child(smartScan, 'smart-scan', { advanced }),
    ({ status }) => status,
  );
  await runbook.optional(
    'backup',
    () =>
      untilSeen(runbook, 'backup', 'The backup of the new server is not as it should be:', () =>
        runbook.acts.checkOwnBackup({ source: path }),
      ),
    ({ looks }) => looks.map(({ what, found }) => `${what}: ${found}`).join(' '),
  );
}
