/** The parts of a restore by the mail host that read the source: they run in threads of their own. */
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { summaryText } from '../report/summary';
import { writeReport } from '../report/write';
import { refuseOverlap, sourceWarnings } from '../restore/preflight';
import type { Ending } from '../restore/report-of';
import type { RestoreRequest } from '../restore/request';
import { withRetried } from '../restore/retried';
import type { ReportResult } from '../restore/tasks';
import { hostRestoreDir, knownHostPlan, reportDirOf, stepsOfPlan, type HostPlan } from './plan';
import { reportOfHost, type ForeignBlobs } from './report';
import { survey, type SurveyRow } from './survey';
import { tallyOf } from './tally';

export interface HostSurveyInput {
  readonly request: RestoreRequest;
  readonly stateDir: string;
}

/** Of a store in a dialect that we do not know nothing is read. */
export type Surveyed =
  | {
      readonly isKnown: true;
      readonly source: HostPlan['source'];
      readonly rows: SurveyRow[];
      readonly notes: string[];
    }
  | { readonly isKnown: false };

export function hostSurvey(
  { request, stateDir }: HostSurveyInput,
  onProgress: (accounts: number) => void,
): Surveyed {
  const { input } = request;
  let store: BackupPath;
  try {
    store = BackupPath.open(input.sourcePath);
  } catch (error) {
    if (error instanceof Problem && error.type === 'UnknownDialect') return { isKnown: false };
    throw error;
  }
  refuseOverlap(store, { target: null, state: stateDir });
  const { serverName, serverId } = store.marker;
  const source = { path: store.root, serverName, serverId, dialect: store.dialect.name };
  return { isKnown: true, source, rows: survey(store, input, onProgress), notes: sourceWarnings(store) };
}

export interface HostReportInput {
  readonly request: RestoreRequest;
  readonly stateDir: string;
  readonly ending: Ending;
  readonly foreign: ForeignBlobs;
  readonly notes: readonly string[];
}

export async function hostReport({
  request,
  stateDir,
  ending,
  foreign,
  notes,
}: HostReportInput): Promise<ReportResult> {
  const dir = hostRestoreDir(stateDir, request);
  const plan = knownHostPlan(dir);
  const tally = tallyOf(plan, stepsOfPlan(dir, plan, request.input.provisioningOnly));
  const report = withRetried(
    await reportOfHost(plan, tally, request, ending, foreign, notes),
    ending.retriedInvalid,
    () => plan.accounts.some(({ defect, excluded }) => defect !== null && excluded === null),
  );
  const files = await writeReport(reportDirOf(stateDir, request.operationId, plan), report);
  const { head } = report;
  return { dir: files.dir, summary: summaryText(head), counters: head.totals, head, files };
}
