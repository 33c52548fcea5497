/** What an External Restore knows of itself, and how it shows it: the status query and the details in the UI. */
import { ApplicationFailure, defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { CarriedPauses } from '../contracts/engine';
import type {
  ExternalRestoreCarry,
  ExternalRestoreStatus,
  RestorePhase,
} from '../contracts/external-restore';
import type { NotificationResult, ReportStatus, RetriedInvalid } from '../report/model';
import type { Ending } from '../restore/report-of';
import type { SliceResult } from '../restore/tasks';
import type { Waiting } from './turn';

export const statusQuery = defineQuery<ExternalRestoreStatus>('status');

const RUNNING_HINT =
  'Live numbers stand in the heartbeat details of the pending activity. Cancel ends it at an item boundary; the same ' +
  'restore, started again, goes on.';

/** Every lane has told of it by then. */
const ONE_INTERRUPTION_MS = 120_000;

export class RestoreState {
  private phase: RestorePhase = 'preflight';
  private phaseStartedAt = Date.now();
  private readonly phases: { name: string; seconds: number }[] = [];
  private readonly notifications: NotificationResult[] = [];
  private knownPlan: ExternalRestoreCarry['plan'] | null = null;
  private latest: SliceResult | null = null;
  private interruptedAt = 0;
  private onHost: string | null = null;
  private waiting: Waiting | null = null;
  private retriedInvalid: RetriedInvalid | null = null;
  readonly startedAt: number;
  /** Of the run before, by the engine carbonio. */
  readonly carriedPauses: CarriedPauses | undefined;

  constructor(carry: ExternalRestoreCarry | undefined) {
    this.startedAt = carry?.startedAt ?? Date.now();
    this.carriedPauses = carry?.pauses;
    if (carry) {
      this.knownPlan = carry.plan;
      this.phase = 'items';
      this.phaseStartedAt = carry.phaseStartedAt;
      this.phases.push(...carry.phases);
      this.notifications.push(...carry.notifications);
    }
    setHandler(statusQuery, () => this.status(), {
      description: 'Phase, counts, rate and estimated time of this restore. No input.',
    });
    this.show();
  }

  get plan(): ExternalRestoreCarry['plan'] {
    if (!this.knownPlan)
      throw ApplicationFailure.nonRetryable('The restore is not planned yet.', 'Unexpected');
    return this.knownPlan;
  }

  get isPlanned(): boolean {
    return this.knownPlan !== null;
  }

  planned(plan: ExternalRestoreCarry['plan']): void {
    this.knownPlan = plan;
    this.show();
  }

  /** For its turn on the host; null once it has it. */
  waits(waiting: Waiting | null): void {
    this.waiting = waiting;
    if (waiting) this.begin('queued');
    else if (this.phase === 'queued') this.begin('preflight');
  }

  notified(result: NotificationResult): void {
    this.notifications.push(result);
  }

  begin(phase: RestorePhase): void {
    if (phase !== this.phase) {
      this.endPhase();
      this.phase = phase;
      this.phaseStartedAt = Date.now();
    }
    this.show();
  }

  /** A phase that is come back to (the preflight, after waiting) is one line of the report. */
  private endPhase(): void {
    const seconds = this.sincePhaseStart();
    const before = this.phases.find(({ name }) => name === this.phase);
    if (before) before.seconds = Math.round((before.seconds + seconds) * 10) / 10;
    else this.phases.push({ name: this.phase, seconds });
  }

  advanced(slice: SliceResult): void {
    // lanes end in any order; the ledger's totals only grow
    if (!this.latest || slice.handled >= this.latest.handled) this.latest = slice;
    this.show();
  }

  /** What works on the mail host just now; null: nothing. */
  worksOnHost(what: string | null): void {
    this.onHost = what;
    this.show();
  }

  /** What became of the invalid items at the end. */
  retried(how: RetriedInvalid): void {
    this.retriedInvalid = how;
  }

  /** Lanes that were interrupted together are one interruption. */
  firstOfInterruption(): boolean {
    const first = Date.now() - this.interruptedAt > ONE_INTERRUPTION_MS;
    if (first) this.interruptedAt = Date.now();
    return first;
  }

  carry(): ExternalRestoreCarry {
    const { plan, startedAt, phases, phaseStartedAt, notifications } = this;
    return {
      plan,
      startedAt,
      phases,
      phaseStartedAt,
      notifications: notifications.map((n) => ({ ...n, to: [...n.to] })),
    };
  }

  ending(status: ReportStatus, failure?: string): Ending {
    return {
      status,
      ...(failure === undefined ? {} : { failure }),
      endedAt: Date.now(),
      phases: [
        ...this.phases,
        ...(this.phase === 'report' ? [] : [{ name: this.phase, seconds: this.sincePhaseStart() }]),
      ],
      notifications: this.notifications,
      engineReason: this.plan.engineReason,
      ...(this.retriedInvalid === null ? {} : { retriedInvalid: this.retriedInvalid }),
    };
  }

  private sincePhaseStart(): number {
    return Math.max(0, Math.round((Date.now() - this.phaseStartedAt) / 100) / 10);
  }

  status(): ExternalRestoreStatus {
    const counters = this.latest?.counters;
    const handled = this.latest?.handled ?? 0;
    const total = this.knownPlan?.files ?? 0;
    const rate = this.rate(handled);
    return {
      phase: this.phase,
      total,
      handled,
      restored: counters?.restored ?? 0,
      skipped: counters?.skipped ?? 0,
      filtered: counters?.filtered ?? 0,
      unrestored: counters?.unrestored ?? 0,
      accounts: this.knownPlan?.accounts ?? 0,
      accountsDone: this.latest?.accountsDone ?? 0,
      ratePerSecond: rate,
      queue: this.waiting && place(this.waiting),
      onHost: this.onHost,
      etaSeconds: rate ? Math.round(Math.max(0, total - handled) / rate) : null,
    };
  }

  /** Items a second since the phase of the items began; null before the first numbers. */
  private rate(handled: number): number | null {
    if (this.phase !== 'items' || !this.latest) return null;
    const seconds = (Date.now() - this.phaseStartedAt) / 1000;
    return seconds > 0 ? Math.round((handled / seconds) * 10) / 10 : null;
  }

  /** The page of the Temporal UI. Costs no history: it is rebuilt on replay and fetched by a query. */
  private show(): void {
    const s = this.status();
    const percent = s.total > 0 ? ` (${Math.floor((100 * s.handled) / s.total)} %)` : '';
    if (s.queue) return setCurrentDetails(['**Phase: queued**', '', ...waitingLines(s.queue)].join('\n'));
    const lines = [
      `**Phase: ${s.phase}**`,
      '',
      ...(s.phase === 'items' ? ['- PHASE 1 is done: people can log in, and get new mail'] : []),
      ...(this.knownPlan ? [`- target: \`${this.knownPlan.target}\``] : []),
      `- handled: ${s.handled} of ${s.total}${percent}, accounts done: ${s.accountsDone} of ${s.accounts}`,
      `- restored ${s.restored}, skipped ${s.skipped}, filtered ${s.filtered}, unrestored ${s.unrestored}${s.onHost ? ', as far as the mail host has told' : ''}`,
      ...(s.ratePerSecond === null ? [] : [`- rate: ${s.ratePerSecond} items a second`]),
      ...(s.etaSeconds === null ? [] : [`- time left: about ${s.etaSeconds} s`]),
      ...(s.onHost ? [`- on the mail host: \`${s.onHost}\``] : []),
      ...(this.knownPlan ? [`- report: \`${this.knownPlan.reportDir}\``] : []),
      ...(this.phase === 'ended' ? [] : ['', RUNNING_HINT]),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}

const place = ({ position, queued, waitsFor }: Waiting): Waiting => ({ position, queued, waitsFor });

const waitingLines = ({ position, queued, waitsFor }: Waiting): string[] => [
  `- position ${position} of ${queued} in the operation queue of its host`,
  ...(waitsFor === null ? [] : [`- waits for \`${waitsFor.replace(/[`\p{Cc}]/gu, ' ')}\``]),
  '',
  'Request Cancellation takes it out of the queue.',
];
