/** `lifeboat status`: one operation, or a list of them. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import { utcTime } from '../../report/format';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { findOperation, listOperations, RESTORE_TYPE } from '../operations';
import { outcomeOf, reportDirOf } from '../outcome';
import { print, printJson } from '../output';
import { progressLine } from '../progress-text';
import { askQueue } from '../queue';
import { readReport } from '../report-file';
import { jsonOf, textOf, type RestoreEnd } from '../restore-result';
import { onServer, pageOf, type Link } from '../server';
import { queryStatus, snapshotOf } from '../snapshot';
import { GOING_ON } from '../../activities/chain';

import { showOtherEnd } from '../other-ends';
import { WORKFLOWS } from '../workflows';

export interface StatusOptions {
  stateDir?: string;
  json?: boolean;
}

const ENDED_SHOWN = 10;

export async function status(operationId: string | undefined, options: StatusOptions): Promise<number> {
  const { stateDir, json = false } = options;
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  return onServer(config.stateDir, async (link) => {
    if (operationId === undefined) await listAll(link, config.host, json);
    else await showOne(link, operationId, json);
    return EXIT.done;
  });
}

/** `COMPLETED`, `TIMED_OUT` as people write them. */
const words = (name: string): string => name.toLowerCase().replaceAll('_', ' ');

async function listAll(link: Link, host: string, json: boolean): Promise<void> {
  const queued = await idsInQueue(link, host);
  const operations = (await listOperations(link, ENDED_SHOWN, WORKFLOWS.keys())).map((info) => ({
    operationId: info.workflowId,
    type: info.type,
    status:
      info.status.name === 'RUNNING' && queued.has(info.workflowId) ? 'queued' : words(info.status.name),
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
  }));
  if (json) return printJson({ operations });
  if (operations.length === 0) return print('No operations yet.');
  for (const one of operations) {
    const when =
      one.endedAt === null
        ? `since ${utcTime(one.startedAt)}`
        : `${utcTime(one.startedAt)} to ${utcTime(one.endedAt)}`;
    print(`${one.status.padEnd(9)}  ${one.operationId}  ${when}`);
  }
}

/** Those that wait on this host; without a worker nobody knows. */
async function idsInQueue(link: Link, host: string): Promise<ReadonlySet<string>> {
  try {
    const operations = await askQueue(link, host);
    return new Set((operations ?? []).filter(({ startedAt }) => startedAt === null).map(({ id }) => id));
  } catch (error) {
    if (error instanceof CommandError && error.type === 'NoWorker') return new Set();
    throw error;
  }
}

async function showOne(link: Link, operationId: string, json: boolean): Promise<void> {
  const { client, place } = link;
  const found = await findOperation(link, operationId);
  const page = pageOf(place, operationId);
  if (!GOING_ON.has(found.status.name)) {
    if (found.type !== RESTORE_TYPE) return showOtherEnd(link, found, page, json);
    const outcome = await outcomeOf(client, operationId, found.runId);
    const reportDir =
      outcome.kind === 'done'
        ? outcome.result.reportDir
        : await reportDirOf(client, operationId, found.runId);
    const report = reportDir === null ? null : await readReport(resolve(reportDir));
    const end: RestoreEnd = { operationId, outcome, reportDir, report, page };
    return json ? printJson(jsonOf(end)) : print(textOf(end));
  }
  const snapshot = await snapshotOf(client, found, await queryStatus(client, operationId));
  const startedAt = found.startTime.toISOString();
  if (json) return printJson({ status: 'running', operationId, startedAt, ...snapshot });
  const silent = snapshot.answered ? [] : ['No worker answers: start one with `lifeboat worker`.'];
  const lines = [
    `Operation ${operationId}, running since ${utcTime(startedAt)}`,
    progressLine(snapshot, null),
    ...silent,
    ...(page === null ? [] : [`Temporal: ${page}`]),
  ];
  print(lines.join('\n'));
}
