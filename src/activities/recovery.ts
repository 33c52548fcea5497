/** Activities of the runbooks: what is looked at, what is set, and what people are told. */
import { getClient, log, sleep } from '@temporalio/activity';
import { getAllOperations } from '../carbonio/cli/operations';
import { openCarbonioHost } from '../carbonio/host';
import { Problem } from '../failures';
import { isProvisioned } from '../carbonio-restore/plan';
import { mailServerName } from '../carbonio-restore/mailstores';
import type { Config } from '../config';
import type { Candidate, DisasterRecoveryResult, SourceKind } from '../contracts/disaster-recovery';
import type { ExternalRestoreResult } from '../contracts/external-restore';
import type { StepStatus } from '../contracts/runbook';
import type { OperationName } from '../host/operation-dir';
import { checkAftermath } from '../recovery/aftermath';
import { hasMailHost, orNull, type HostEnv } from '../recovery/mail-host';
import type { Look } from '../recovery/look';
import { ownBackupLooks } from '../recovery/own-backup';
import { readiness } from '../recovery/readiness';
import { writeRecoveryReport } from '../recovery/report';
import { planSameServer, type SameServerPlan } from '../recovery/same-server';
import {
  applySettings,
  compareSettings,
  unpackCustomizations,
  versionsOf,
  type Compared,
} from '../recovery/settings';
import { checkShares, fixShares, type SharesSeen } from '../recovery/shares';
import { checkSnapshotSource } from '../recovery/snapshot';
import { examineSource } from '../recovery/source';
import { createMailer } from '../mailer';
import { acting, beating } from './beating';
import { firstRunOf } from './chain';
import { hostLog } from './host-log';

const LOOK_EVERY_MS = 1_000;

export interface RecoveryStep {
  readonly name: OperationName;
  /** Path of the Backup Path that is restored from. */
  readonly source: string;
}

export function createRecoveryActivities(config: Config) {
  const { cli, localConfig } = openCarbonioHost(config.carbonio, config, hostLog(log));
  const mailer = createMailer(config.mail);
  const { stateDir } = config;
  const serverName = () => mailServerName(localConfig, config.host);
  const hostOf = async (signal: AbortSignal): Promise<HostEnv> => ({
    ...{ cli, server: await serverName(), signal },
  });

  return {
    /** Opens a candidate and looks how new it is. What is wrong with it is the answer, no failure. */
    async examineSource({ kind, path }: { kind: SourceKind; path: string }): Promise<Candidate> {
      return acting(async () => examineSource(kind, path));
    },

    /** `host`: whether a mail host is there to be asked. */
    async checkReadiness(input: {
      source: string;
      newest: string | null;
      engine: 'auto' | 'direct' | 'carbonio';
    }): Promise<{ looks: Look[]; host: boolean }> {
      return acting(async (_tell, signal) => {
        // one that does not answer is there: its services are a look of their own
        const host = (await orNull(hasMailHost(cli, signal))) ?? true;
        const { source, newest, engine } = input;
        const asked = host || engine === 'carbonio' ? await hostOf(signal) : null;
        const versions =
          host && asked !== null
            ? await versionsOf(cli, asked.server, source, signal)
            : { source: null, here: null };
        return { looks: await readiness({ host: asked, source, newest, versions }), host };
      });
    },

    async compareSettings({ name, source }: RecoveryStep): Promise<Compared> {
      return acting(async (_tell, signal) =>
        compareSettings({ stateDir, name, source, ...(await hostOf(signal)) }),
      );
    },

    /** Sets those that were approved; what each was is journalled before. Again, it finds them set. */
    async applySettings({ name, source, settings }: RecoveryStep & { settings: string[] }): Promise<void> {
      return acting(async (_tell, signal) =>
        applySettings({ stateDir, name, source, ...(await hostOf(signal)) }, settings),
      );
    },

    /** Into a folder of the operation; never over the files of a server. */
    async unpackCustomizations({ name, source }: RecoveryStep): Promise<{ text: string }> {
      return acting(() => unpackCustomizations(stateDir, name, source));
    },

    /** Whether the mail host has made the accounts of a restore, which is never to be done twice: it resets passwords. */
    async wasProvisioned({ operationId }: { operationId: string }): Promise<boolean> {
      return acting(async () => {
        const firstRunId = await firstRunOf(getClient(), operationId);
        if (firstRunId === null) return false;
        return isProvisioned(stateDir, { operationId, operationKey: `${operationId} ${firstRunId}` });
      });
    },

    /** Accounts, counts and quotas; then how the settings differ now, which is only told. */
    async checkAftermath({
      name,
      ...input
    }: RecoveryStep & { result: ExternalRestoreResult }): Promise<{ sentences: string[]; files: string[] }> {
      return acting(async (_tell, signal) => {
        const host = (await hasMailHost(cli, signal)) ? await hostOf(signal) : null;
        const sentences = await checkAftermath({ ...input, stateDir, cli: host && cli, signal });
        if (host === null) return { sentences, files: [] };
        try {
          const now = await compareSettings(
            { stateDir, name, source: input.source, ...host },
            'settings-after',
          );
          return { sentences: [...sentences, now.text], files: [...now.files] };
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          return { sentences: [...sentences, `Settings could not be compared: ${error.message}`], files: [] };
        }
      });
    },

    async checkShares({ source }: { source: string }): Promise<SharesSeen> {
      return acting(async (_tell, signal) => checkShares(await hostOf(signal), source));
    },

    async fixShares({ source }: { source: string }): Promise<string> {
      return acting(async (_tell, signal) => fixShares(await hostOf(signal), source));
    },

    async checkOwnBackup({ source }: { source: string }): Promise<{ looks: Look[] }> {
      return acting(async (_tell, signal) => ({
        looks: await ownBackupLooks(await hostOf(signal), source),
      }));
    },

    async reportRecovery(input: {
      name: OperationName;
      result: Omit<DisasterRecoveryResult, 'reportDir'>;
      steps: readonly StepStatus[];
    }): Promise<{ dir: string; text: string }> {
      return acting(async () => writeRecoveryReport(stateDir, input.name, input.result, input.steps));
    },

    async checkSnapshotSource({ source }: { source: string }): Promise<{ text: string }> {
      return acting(async (_tell, signal) => {
        return checkSnapshotSource(source, (await hasMailHost(cli, signal)) ? await hostOf(signal) : null);
      });
    },

    async planSameServer({ copyPath }: { copyPath: string }): Promise<SameServerPlan> {
      return acting(async (_tell, signal) => planSameServer(cli, await serverName(), copyPath, signal));
    },

    /** Until the mail host has nothing to do any more. */
    async waitUntilHostIsIdle(): Promise<void> {
      return acting(async (tell, signal) => {
        for (;;) {
          const { operations, realTimeScanOperations } = await getAllOperations(cli, { signal });
          // a host that does not tell of its scanner cannot be waited for
          const scans = realTimeScanOperations ?? 0;
          if (operations.length === 0 && scans === 0) return;
          tell(`${operations.length} operations of the mail host and ${scans} of its scanner are waited for`);
          await sleep(LOOK_EVERY_MS);
        }
      });
    },

    async tellRunbook({
      to,
      ...mail
    }: {
      event: string;
      subject: string;
      text: string;
      to: string[];
    }): Promise<string> {
      return beating(async () => (await mailer.send({ ...mail, to })).outcome);
    },
  };
}
