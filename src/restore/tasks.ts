/**
 * The steps of a restore by the direct engine, each a function of plain data, so that each can run in a worker thread:
 * they read, gunzip and hash synchronously, which is several times faster than the asynchronous forms and must not
 * block the loop that sends heartbeats.
 */
import type { RescueItemsInput } from '../contracts/rescue-items';
import type { RestoreInvalidItemsInput } from '../contracts/restore-invalid-items';
import type { RetryUnrestoredInput } from '../contracts/retry-unrestored';
import type { OperationName } from '../host/operation-dir';
import type { ProvisionCounts } from '../mail/target';
import type { Counters, ReportHead } from '../report/model';
import { checkExport, planExport } from '../export/plan';
import { finishExport } from '../export/finish';
import type { ExportEnd, ExportPlanned, ExportRequest, ExportSliceResult } from '../export/model';
import { exportSlice } from '../export/slice';
import { writeIndex, type RescueIndexInput } from '../rescue/index-files';
import type { RescuePlan, RescueSliceResult } from '../rescue/model';
import { planRescue } from '../rescue/plan';
import { rescueSlice, type RescueSlice } from '../rescue/slice';
import { summaryText } from '../report/summary';
import { writeReport, type ReportFiles } from '../report/write';
import {
  hostReport,
  hostSurvey,
  type HostReportInput,
  type HostSurveyInput,
  type Surveyed,
} from '../carbonio-restore/tasks';
import { restoreExtras } from './extras';
import { checkRequest } from './check';
import { planRestore, type PlanResult } from './plan';
import { walkChosen } from './chosen';
import { provision } from './provision';
import { surveyInvalid, type InvalidSurvey } from './invalid';
import { reportInvalid, type InvalidReportInput } from './invalid-report';
import { hasLostAccounts, reportOf, type Ending } from './report-of';
import type { RestoreRequest, RestoreSettings } from './request';
import { withRetried } from './retried';
import { planRetry, type RetryPlan } from './retry';
import { knownOperation, makeReportDir, withLedger, withSession, type Session } from './session';
import { markRunning } from './running-mark';
import { believedFailures, runSlice } from './slice';
import { SourceGuard } from './source-guard';

/** What a step says while it works; kept as the heartbeat's details, so it explains itself. */
export interface TaskProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  /** More, in words. */
  readonly note?: string;
  readonly counters?: Counters;
  readonly accountsDone?: number;
}

export interface TaskHooks {
  progress(progress: TaskProgress): void;
  /** True once the step should end at the next safe point. */
  stopRequested(): boolean;
}

export interface SliceResult {
  readonly more: boolean;
  readonly counters: Counters;
  readonly handled: number;
  readonly accountsDone: number;
  /** An attempt on this lane had died before. */
  readonly interrupted?: boolean;
}

export interface ReportResult {
  readonly dir: string;
  readonly summary: string;
  readonly counters: Counters;
  readonly head: ReportHead;
  readonly files: ReportFiles;
}

interface Base {
  readonly request: RestoreRequest;
  readonly settings: RestoreSettings;
}
interface Export {
  readonly export: ExportRequest;
  readonly stateDir: string;
}
interface Named {
  readonly name: OperationName;
  readonly settings: RestoreSettings;
}
export interface TaskInputs {
  check: Base;
  plan: Base;
  provision: Base;
  slice: Base & { lane: number; seconds: number };
  extras: Base;
  report: Base & { ending: Ending };
  planRetry: Named & { input: RetryUnrestoredInput };
  surveyInvalid: Named & { input: RestoreInvalidItemsInput };
  reportInvalid: InvalidReportInput;
  planRescue: Named & { input: RescueItemsInput };
  rescueSlice: RescueSlice;
  writeRescueIndex: RescueIndexInput;
  checkExport: Export;
  planExport: Export;
  exportSlice: Export & { lane: number; seconds: number };
  finishExport: Export;
  hostSurvey: HostSurveyInput;
  hostReport: HostReportInput;
}
export interface TaskResults {
  check: null;
  plan: PlanResult;
  provision: ProvisionCounts;
  slice: SliceResult;
  /** Whether everything was done. */
  extras: boolean;
  report: ReportResult;
  planRetry: RetryPlan;
  surveyInvalid: InvalidSurvey;
  reportInvalid: ReturnType<typeof reportInvalid>;
  planRescue: RescuePlan;
  rescueSlice: RescueSliceResult;
  writeRescueIndex: void;
  checkExport: void;
  planExport: ExportPlanned;
  exportSlice: ExportSliceResult;
  finishExport: ExportEnd;
  hostSurvey: Surveyed;
  hostReport: ReportResult;
}
export type TaskName = keyof TaskInputs;
/** Steps of a restore; the others have no request. */
export type RestoreTaskName = {
  [K in TaskName]: TaskInputs[K] extends Base ? K : never;
}[TaskName];

type Tasks = { [K in TaskName]: (input: TaskInputs[K], hooks: TaskHooks) => Promise<TaskResults[K]> };

export const TASKS: Tasks = {
  check: async ({ request, settings }) => {
    checkRequest(request, settings);
    return null;
  },
  plan: ({ request, settings }, hooks) =>
    withSession(request, settings, false, (session) =>
      planRestore(session, (done) =>
        hooks.progress({ step: 'reading the accounts', done, total: done, unit: 'accounts' }),
      ),
    ),
  provision: ({ request, settings }, hooks) =>
    withSession(request, settings, true, (session) => {
      const total = session.operation.row().accounts;
      return provision(session, (done) =>
        hooks.progress({ step: 'provisioning', done, total, unit: 'accounts' }),
      );
    }),
  slice: (input, hooks) =>
    withSession(input.request, input.settings, true, async (session) => {
      const mark = markRunning(session.reportDir, input.lane);
      const result = await slice(session, input, hooks).finally(() => mark.end());
      return mark.interrupted ? { ...result, interrupted: true } : result;
    }),
  extras: ({ request, settings }, hooks) =>
    withSession(request, settings, true, (session) => {
      const total = session.operation.row().accounts;
      const progress = (done: number): void =>
        hooks.progress({ step: 'mountpoints, shares, data sources', done, total, unit: 'accounts' });
      return restoreExtras(session, progress, () => hooks.stopRequested());
    }),
  report: ({ request, settings, ending }) =>
    withLedger(request, settings, async (ledger) => {
      const operation = knownOperation(ledger, request);
      const dir = makeReportDir(settings.stateDir, request, operation);
      const report = withRetried(reportOf(operation, ending, request.input), ending.retriedInvalid, () =>
        hasLostAccounts(operation),
      );
      const files = await writeReport(dir, report);
      const { head } = report;
      return { dir, summary: summaryText(head), counters: head.totals, head, files };
    }),
  planRetry: async ({ settings, name, input }) => planRetry(settings.stateDir, name, input),
  surveyInvalid: ({ settings, name, input }) => surveyInvalid(settings.stateDir, name, input),
  reportInvalid: async (input) => reportInvalid(input),
  planRescue: async ({ settings, name, input }) => planRescue(settings.stateDir, name, input),
  rescueSlice: (input, hooks) =>
    rescueSlice(input, {
      onProgress: (done) =>
        hooks.progress({ step: 'rescuing', done, total: input.plan.items, unit: 'chosen items' }),
      stopRequested: () => hooks.stopRequested(),
    }),
  writeRescueIndex: ({ name, plan, slices, counts }) => writeIndex(name, plan, slices, counts),
  checkExport: async (input) => checkExport(input.export, input.stateDir),
  planExport: async (input) => planExport(input.export, input.stateDir),
  exportSlice: (input, hooks) => {
    const until = Date.now() + input.seconds * 1000;
    return exportSlice(input.export, input.stateDir, input.lane, {
      onProgress: (done) =>
        hooks.progress({ step: 'exporting', done, total: 0, unit: 'items of an account' }),
      shouldStop: () => hooks.stopRequested() || Date.now() >= until,
    });
  },
  finishExport: async (input) => finishExport(input.export, input.stateDir),
  hostSurvey: async (input, hooks) =>
    hostSurvey(input, (done) =>
      hooks.progress({ step: 'reading the accounts', done, total: done, unit: 'accounts' }),
    ),
  hostReport,
};

async function slice(session: Session, input: TaskInputs['slice'], hooks: TaskHooks): Promise<SliceResult> {
  const { operation, store, request, reportDir } = session;
  const until = Date.now() + input.seconds * 1000;
  const { files } = operation.row();
  const report = (): void => {
    const { counters, handled, accountsDone } = operation.totals();
    hooks.progress({
      step: 'restoring items',
      done: handled,
      total: files,
      unit: 'items',
      counters,
      accountsDone,
    });
  };
  store.blobs.isInterrupted = () => hooks.stopRequested();
  const { patienceSeconds } = request.input.advanced;
  const more = await runSlice({
    patienceSeconds,
    store,
    operation,
    rules: request.input,
    view: session.view,
    reportDir,
    saveInvalid: request.input.onInvalid === 'save',
    lane: input.lane,
    walk: (account, after) => walkChosen(store, session.chosen, account, after),
    guard: new SourceGuard(store, believedFailures(operation, input.lane, patienceSeconds)),
    onProgress: report,
    shouldStop: (uncertain) => hooks.stopRequested() || (!uncertain && Date.now() >= until),
    openedLedger: session.ledger,
    target: session.target,
  });
  const { counters, handled, accountsDone } = operation.totals();
  return { more, counters, handled, accountsDone };
}
