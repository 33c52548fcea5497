/** A mail host with refused items in a Backup Path, and their restore, for tests of what changes the validator for them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../../src/contracts/external-restore';
import type {
  RestoreInvalidItemsRequest,
  RestoreInvalidItemsResult,
  RestoreInvalidItemsStatus,
} from '../../src/contracts/restore-invalid-items';
import { replayAll } from '../replay/replay';
import { accountInfo, mail } from '../restore/store';
import { OverrideBench } from './bench';

/** Of the first message that is refused. */
export const LONG = 15_000;
export const REFUSED = 400;

const FAST = { pollSeconds: 0.5, settleSeconds: 8, graceSeconds: 2 };

export interface Report {
  status: string;
  totals: { restored: number; skipped: number; unrestored: number };
  unrestoredByClass: { invalid: number };
  notes: string[];
  accounts: Record<string, { id: string; unrestored: { item: number; class: string; reason: string }[] }>;
}
export const reportIn = (dir: string): Report =>
  JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as Report;

export class InvalidBench extends OverrideBench {
  private readonly ids: string[] = [];

  /** Two messages that are taken, and one that is refused. */
  account(id: string, longest = LONG): void {
    const { store } = this.carbonio;
    store.writer.account(accountInfo(id, this.address(id)));
    for (const item of [300, 301]) store.message(id, item, mail(`${id}-${item}`));
    store.message(id, REFUSED, mail(`${id} long`, 'x'.repeat(longest)));
  }

  address(id: string): string {
    return `${id}@example.com`;
  }

  async restore(name: string, request: Partial<ExternalRestoreRequest> = {}): Promise<WorkflowHandle> {
    return this.begin('externalRestore', name, {
      sourcePath: this.carbonio.source,
      engine: 'carbonio',
      advanced: { heartbeatSeconds: 3 },
      carbonio: FAST,
      ...request,
    });
  }

  async restoreInvalid(name: string, request: RestoreInvalidItemsRequest): Promise<WorkflowHandle> {
    return this.begin('restoreInvalidItems', name, {
      advanced: { heartbeatSeconds: 3 },
      carbonio: FAST,
      ...request,
    });
  }

  /** Of an operation whose history is to be replayed. */
  idOf(name: string): string {
    const id = this.temporal.idOf(name);
    this.ids.push(id);
    return id;
  }

  async begin(type: string, name: string, input: object): Promise<WorkflowHandle> {
    const workflowId = this.idOf(name);
    const { taskQueue } = this.temporal;
    return this.temporal.client.workflow.start(type, { workflowId, taskQueue, args: [input] });
  }

  result(handle: WorkflowHandle): Promise<RestoreInvalidItemsResult> {
    return handle.result() as Promise<RestoreInvalidItemsResult>;
  }

  /** Restores what is there, and answers the folder of the report. */
  async restored(name = 'first'): Promise<string> {
    return ((await (await this.restore(name)).result()) as ExternalRestoreResult).reportDir;
  }

  /** A report of the same restore that names the items of one account only. */
  only(reportDir: string, account: string): string {
    const report = reportIn(reportDir);
    const accounts = { [this.address(account)]: report.accounts[this.address(account)] };
    const dir = join(this.temporal.folder, `report-${account}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'report.json'), JSON.stringify({ ...report, accounts }));
    return dir;
  }

  async status(handle: WorkflowHandle): Promise<RestoreInvalidItemsStatus | null> {
    return handle.query<RestoreInvalidItemsStatus>('status').catch(() => null);
  }

  /** Subjects in an inbox. */
  mails(account: string): string[] {
    return existsSync(join(this.carbonio.host, 'mailboxes/example.com', account))
      ? this.carbonio.subjects(this.address(account))
      : [];
  }

  /** Every history that was made here. */
  override async replay(): Promise<void> {
    const { client, bundle } = this.temporal;
    for (const id of this.ids) await replayAll(client, id, bundle);
  }

  async replayChildren(...names: string[]): Promise<void> {
    const { client, bundle } = this.temporal;
    for (const name of names) await replayAll(client, name, bundle);
  }
}
