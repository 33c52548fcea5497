/** Disaster recovery: from the copies that are left to a server that people work with. */
import {
  disasterRecoveryExample,
  disasterRecoveryInput,
  type Candidate,
  type DisasterRecoveryInput,
  type DisasterRecoveryRequest,
  type DisasterRecoveryResult,
} from '../contracts/disaster-recovery';
import type { ExternalRestoreResult } from '../contracts/external-restore';
import { parseInput } from '../contracts/input';
import { durationWords, utcTime } from '../report/format';
import { chooseSource } from './choose-source';
import { externalRestore } from './external-restore';
import { unwrapFailure } from './failure';
import { operationName } from './operation-name';
import { aftermathStep, ownBackupSteps, rescueStep, sharesStep } from './recovery-end';
import { numberedChild } from './numbered-child';
import { Runbook } from './runbook';
import { untilSeen } from './runbook-looks';

export async function disasterRecovery(raw: DisasterRecoveryRequest): Promise<DisasterRecoveryResult> {
  const input = parseInput(disasterRecoveryInput, raw, disasterRecoveryExample);
  const runbook = new Runbook({
    title: 'Disaster recovery',
    steps: [
      ['source', 'Choose the source'],
      ['readiness', 'Is the new server ready'],
      ['settings', 'Settings of server and globals'],
      ['customizations', 'Customized files, unpacked for manual use'],
      ['restore', 'Domains, accounts, items'],
      ['rescue', 'What could not be restored, saved'],
      ['aftermath', 'Is everything there'],
      ['shares', 'Shares'],
      ['smartscan', 'SmartScan of the new server'],
      ['backup', 'The new server is backed up, the old backup is kept'],
      ['report', 'Report'],
    ],
    ...input,
  });
  const recovery = new Recovery(input, runbook);
  try {
    const result = await recovery.run();
    runbook.end(lastWord(result));
    return result;
  } catch (error) {
    runbook.end('ended before its end');
    throw unwrapFailure(error);
  }
}

class Recovery {
  private readonly startedAt = Date.now();
  private readonly name = operationName();
  private readonly child = numberedChild();
  /** Id of the last attempt to restore. */
  private tried: string | null = null;
  /** By an attempt before: people may have changed passwords since. */
  private isProvisioned = false;

  constructor(
    private readonly input: DisasterRecoveryInput,
    private readonly runbook: Runbook,
  ) {}

  async run(): Promise<DisasterRecoveryResult> {
    const { runbook } = this;
    const source = await runbook.step(
      'source',
      () => chooseSource(this.input, runbook, this.child),
      ({ kind, path, newest }) =>
        `${kind} ${path}, newest change ${newest === null ? 'not known' : utcTime(newest)}`,
    );
    const host = await this.readiness(source);
    await this.settings(source, host);
    await this.customizations(source);
    // one that a person must look at may be as good as it gets
    const restored = await runbook.optional(
      'restore',
      () => this.restore(source),
      ({ restored: items, skipped, unrestored }) =>
        `${items} restored, ${skipped} there already, ${unrestored} unrestored`,
    );
    const end = { runbook, child: this.child, name: this.name, advanced: this.input.advanced };
    await rescueStep(end, this.input.rescue, restored);
    await aftermathStep(end, 'aftermath', source.path, restored);
    if (host) {
      await sharesStep(end, source.path);
      await ownBackupSteps(end, source);
    } else
      for (const step of ['shares', 'smartscan', 'backup']) runbook.skip(step, 'there is no mail host here');
    return runbook.step(
      'report',
      () => this.report(source, restored),
      ({ reportDir }) => reportDir,
    );
  }

  /** Answers whether a mail host is there to be asked. */
  private async readiness({ path, newest }: Candidate): Promise<boolean> {
    const { runbook, input } = this;
    const { engine } = input.restore;
    const { host } = await runbook.step(
      'readiness',
      () =>
        untilSeen(runbook, 'readiness', 'The new server is not ready, or not known to be:', () =>
          runbook.acts.checkReadiness({ source: path, newest, engine }),
        ),
      ({ host: isThere, overruled }) =>
        [
          overruled.length === 0 ? 'nothing is wrong' : `gone on in spite of: ${overruled.join(', ')}`,
          ...(isThere ? [] : ['there is no mail host here']),
        ].join('; '),
    );
    return host;
  }

  private async settings({ path }: Candidate, host: boolean): Promise<void> {
    const { runbook, name } = this;
    if (!host) return runbook.skip('settings', 'there is no mail host here to compare with');
    await runbook.optional(
      'settings',
      async () => {
        const found = await runbook.acts.compareSettings({ name, source: path });
        for (const file of found.files) runbook.file(file);
        if (found.applicable.length === 0) return { ...found, applied: 0 };
        const chosen = await runbook.ask('settings', {
          text: `${found.text} A command can set the options here: which of them on the new server? All else stays as it is.`,
          options: found.applicable,
          notes: found.changes ?? [],
          proposed: [],
          several: true,
        });
        if (chosen.length > 0)
          await runbook.acts.applySettings({ name, source: path, settings: [...chosen] });
        return { ...found, applied: chosen.length };
      },
      ({ text, applied }) => `${text} Set by this runbook: ${applied}.`,
    );
  }

  private async customizations({ path }: Candidate): Promise<void> {
    const { runbook, name } = this;
    await runbook.optional(
      'customizations',
      () => runbook.acts.unpackCustomizations({ name, source: path }),
      ({ text }) => text,
    );
  }

  /** It has its own place in the queue and its own report; people are told of PHASE 1 by it. */
  private async restore({ path }: Candidate): Promise<ExternalRestoreResult> {
    const { input, runbook } = this;
    const { restore, notifications, advanced } = input;
    if (this.tried !== null && !this.isProvisioned)
      this.isProvisioned = await runbook.acts.wasProvisioned({ operationId: this.tried });
    const skip = this.isProvisioned ? { skipAccountProvisioning: true, skipDomainProvisioning: true } : {};
    const result: ExternalRestoreResult = await this.child(
      externalRestore,
      'restore',
      {
        ...{ ...restore, ...skip, sourcePath: path, notifications },
        carbonio: scannerOff(restore.carbonio),
        advanced: { heartbeatSeconds: advanced.heartbeatSeconds },
      },
      (id) => {
        this.tried = id;
        runbook.shownBy('restore')(id);
      },
    );
    runbook.file(result.reportDir);
    return result;
  }

  private async report(
    source: Candidate,
    restored: ExternalRestoreResult | null,
  ): Promise<DisasterRecoveryResult> {
    const { startedAt, name, runbook } = this;
    const newest = source.newest === null ? null : Date.parse(source.newest);
    const result = {
      status: restored?.status ?? ('partial' as const),
      operationId: name.operationId,
      sourcePath: source.path,
      restore: restored?.operationId ?? this.tried ?? '',
      restored: restored?.restored ?? null,
      unrestored: restored?.unrestored ?? null,
      rpoSeconds: newest === null ? null : Math.max(0, Math.round((startedAt - newest) / 1000)),
      rtoSeconds: Math.round((Date.now() - startedAt) / 1000),
    };
    const { dir, text } = await runbook.acts.reportRecovery({ name, result, steps: runbook.outcome });
    runbook.file(dir);
    await runbook.tell(
      'recovered',
      `Disaster recovery of ${source.serverName ?? source.path}: ${result.status}`,
      text,
    );
    return { ...result, reportDir: dir };
  }
}

function lastWord({ status, restored, unrestored, rpoSeconds, rtoSeconds }: DisasterRecoveryResult): string {
  const counts = restored === null ? '' : `: ${restored} restored, ${unrestored} unrestored`;
  const lost = rpoSeconds === null ? 'not known' : durationWords(rpoSeconds);
  return `Disaster recovery ended, ${status}${counts}. Lost at most (RPO): ${lost}. Took (RTO): ${durationWords(rtoSeconds)}.`;
}

/** It fills a whole server, so what the Real Time Scanner would do meanwhile is for the SmartScan at the end. */
const scannerOff = (carbonio: DisasterRecoveryInput['restore']['carbonio']) =>
  carbonio.pauseScanner === 'auto' ? { ...carbonio, pauseScanner: 'always' as const } : carbonio;
