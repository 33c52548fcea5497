/**
 * The restore itself: the steps of src/restore, in threads, into the mailboxes of the stand-in. Not a workflow, and no
 * lock of the machine is taken: this is another program's restore, which Lifeboat only started.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { externalRestoreInput, type ExternalRestoreRequest } from '../../../contracts/external-restore';
import { Problem } from '../../../failures';
import type { Counters, ItemClass } from '../../../report/model';
import { runInThread } from '../../../restore/in-thread';
import type { RestoreRequest, RestoreSettings } from '../../../restore/request';
import { withLedger } from '../../../restore/session';
import type { TaskInputs, TaskName, TaskProgress, TaskResults } from '../../../restore/tasks';
import type { Host } from '../host';
import { maildirTargetUrl } from '../target-url';
import { OtherItems } from './other-items';
import type { Outcome, Stats, WorkContext } from './model';

/** Of a slice: the validator's limits are looked at again before each, so a reload works within this time. */
const SLICE_SECONDS = 0.5;
/** A source that fails for a moment is tried again so often. */
const ATTEMPTS = 5;

interface ReportJson {
  readonly source: { readonly serverId: string };
  readonly accounts: Record<
    string,
    { id: string; excluded?: string; unrestored: { item: number; class: ItemClass }[] }
  >;
}

export interface EngineResult extends Outcome {
  readonly serverId: string;
  readonly unrestored: ReadonlyMap<string, readonly number[]>;
  /** Ids and addresses of the accounts that were restored. */
  readonly accounts: ReadonlyMap<string, string>;
}

export class Engine {
  private readonly settings: RestoreSettings;

  constructor(
    private readonly host: Host,
    private readonly context: WorkContext,
    private readonly input: ExternalRestoreRequest,
  ) {
    const { restore, mailboxes } = host.places;
    this.settings = { stateDir: restore, defaultTarget: maildirTargetUrl(mailboxes, null) };
  }

  async run(): Promise<EngineResult> {
    await this.step('plan', this.base());
    const addresses = await this.addresses();
    this.host.quotas.lift(addresses);
    await this.step('provision', this.base());
    this.context.notify('PHASE 1 Feedback', [['accounts', String(addresses.length)]]);
    await this.context.reach('phase1');
    if (!this.input.provisioningOnly) {
      const { concurrentAccounts = 1 } = this.input;
      await Promise.all(Array.from({ length: concurrentAccounts }, (_unused, lane) => this.items(lane)));
      await this.context.reach('items');
      if (!this.context.signal.aborted) await this.step('extras', this.base());
    }
    const result = await this.report();
    if (!this.context.signal.aborted) this.host.quotas.putBack(addresses);
    return result;
  }

  private async items(lane: number): Promise<void> {
    for (let failures = 0; !this.context.signal.aborted;) {
      try {
        const { more } = await this.step('slice', { ...this.base(), lane, seconds: SLICE_SECONDS });
        if (!more) return;
        failures = 0;
      } catch (error) {
        if (!(error instanceof Problem) || error.type !== 'SourceUnavailable' || ++failures >= ATTEMPTS)
          throw error;
      }
    }
  }

  private base(): { request: RestoreRequest; settings: RestoreSettings } {
    const { id } = this.context.operation;
    const target = maildirTargetUrl(this.host.places.mailboxes, this.host.live.maxLineLength);
    // what fails is classed at once: nobody watches over the source of a stand-in
    const input = { countExcluded: false, ...this.input, target, advanced: { patienceSeconds: 0 } };
    const turn = { operationId: id, firstRunId: id };
    const request = { operationId: id, operationKey: id, turn, input: externalRestoreInput.parse(input) };
    return { request, settings: this.settings };
  }

  private step<K extends TaskName>(name: K, input: TaskInputs[K]): Promise<TaskResults[K]> {
    const onProgress = (progress: TaskProgress): void => {
      if (progress.counters === undefined) return;
      this.context.progress(monitorStats(progress, progress.counters));
      if (progress.counters.restored > 0) this.context.passing('items');
    };
    return runInThread(name, input, { onProgress, signal: this.context.signal });
  }

  private addresses(): Promise<string[]> {
    const { request, settings } = this.base();
    return withLedger(request, settings, async (ledger) =>
      [...ledger.existingOperation(request.operationKey).allWork()]
        .filter(([, row]) => row.excluded === null && row.defect === null)
        .map(([, row]) => row.name.toLowerCase()),
    );
  }

  private async report(): Promise<EngineResult> {
    const status = this.context.signal.aborted ? 'cancelled' : 'completed';
    const ending = { endedAt: Date.now(), phases: [], notifications: [], engineReason: 'stand-in' };
    const { dir, counters } = await this.step('report', { ...this.base(), ending: { ...ending, status } });
    const { source, accounts } = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as ReportJson;
    const others = new OtherItems(join(this.host.places.state, 'other-items.json'), source.serverId);
    const unrestored = new Map<string, number[]>();
    const restored = new Map<string, string>();
    let [fresh, known] = [0, 0];
    for (const [name, account] of Object.entries(accounts)) {
      if (account.excluded === undefined) restored.set(account.id, name);
      const held = account.unrestored.filter((one) => one.class === 'unsupported').map((one) => one.item);
      const before = others.add(account.id, held);
      known += before;
      fresh += held.length - before;
      const lost = account.unrestored.filter((one) => one.class !== 'unsupported').map((one) => one.item);
      if (lost.length > 0) unrestored.set(name, lost);
    }
    const stats = endStats(counters, fresh, known);
    return { serverId: source.serverId, stats, unrestored, accounts: restored };
  }
}

/** Documented labels. Items that a Maildir cannot hold are kept beside the report, and count as restored. */
function endStats({ restored, skipped, unrestored }: Counters, fresh: number, known: number): Stats {
  return [
    ['Restored Items', String(restored + fresh)],
    ['Skipped Items', String(skipped + known)],
    ['Unrestored Items', String(unrestored - fresh - known)],
  ];
}

/** Labels: synthetic; the form is that of a SmartScan. */
function monitorStats({ accountsDone, done, total }: TaskProgress, counters: Counters): Stats {
  return [
    ['Account restored', String(accountsDone ?? 0)],
    ['Item processed', `${done}/${total}`],
    ['Item restored/skipped/unrestored', `${counters.restored}/${counters.skipped}/${counters.unrestored}`],
  ];
}
