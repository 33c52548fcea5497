/** `lifeboat status`: one operation, or a list of them. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import { utcTime } from '../../report/format';
import { EXIT } from '../exit-codes';
import { findOperation, listOperations } from '../operations';
import { outcomeOf, reportDirOf } from '../outcome';
import { print, printJson } from '../output';
import { progressLine } from '../progress-text';
import { readReport } from '../report-file';
import { jsonOf, textOf, type RestoreEnd } from '../restore-result';
import { connectToServer, pageOf, type Link } from '../server';
import { queryStatus, snapshotOf } from '../snapshot';
import { GOING_ON } from '../watch';

export interface StatusOptions {
  stateDir?: string;
  json?: boolean;
}

const ENDED_SHOWN = 10;

export async function status(operationId: string | undefined, options: StatusOptions): Promise<number> {
  const { stateDir, json = false } = options;
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  const link = await connectToServer(config.stateDir);
  try {
    if (operationId === undefined) await listAll(link, json);
    else await showOne(link, operationId, json);
    return EXIT.done;
  } finally {
    await link.close();
  }
}

/** `COMPLETED`, `TIMED_OUT` as people write them. */
const words = (name: string): string => name.toLowerCase().replaceAll('_', ' ');

async function listAll(link: Link, json: boolean): Promise<void> {
  const operations = (await listOperations(link, ENDED_SHOWN)).map((info) => ({
    operationId: info.workflowId,
    type: info.type,
    status: words(info.status.name),
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

async function showOne(link: Link, operationId: string, json: boolean): Promise<void> {
  const { client, place } = link;
  const found = await findOperation(link, operationId);
  const page = pageOf(place, operationId);
  if (!GOING_ON.has(found.status.name)) {
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
