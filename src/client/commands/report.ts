/** `lifeboat report`: the report of an operation that ended. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../config';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { findReport } from '../../report/find-report';
import { findOperation } from '../operations';
import { reportDirOf } from '../outcome';
import { printFile, say } from '../output';
import { onServer } from '../server';
import { GOING_ON } from '../../activities/chain';

export interface ReportOptions {
  stateDir?: string;
  open?: boolean;
  json?: boolean;
}

export async function report(operationId: string, options: ReportOptions): Promise<number> {
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const { stateDir } = config;
  // that of a retry, or of an injection of rescued items, was written by the restore that it started
  const dir =
    findReport(stateDir, operationId) ??
    findReport(stateDir, `${operationId}/restore`) ??
    (await askServer(stateDir, operationId));
  const page = join(dir, 'report.html');
  if (options.open) await openInBrowser(page);
  else await printFile(join(dir, options.json ? 'report.json' : 'report.txt'));
  say(`Report: ${dir} (report.html, report.txt, report.json)`);
  return EXIT.done;
}

/** @throws CommandError that says why there is no report here */
async function askServer(stateDir: string, operationId: string): Promise<string> {
  return onServer(stateDir, async (link) => {
    const { status, runId, type } = await findOperation(link, operationId);
    if (type === 'verify')
      throw new CommandError(
        'OperationIsOther',
        `${operationId} is a verification: \`lifeboat status ${operationId}\` shows what it found.`,
      );
    if (GOING_ON.has(status.name))
      throw new CommandError(
        'ReportNotFound',
        `The operation ${operationId} runs; its report is written at its end.`,
      );
    const dir = await reportDirOf(link.client, operationId, runId);
    if (dir === null)
      throw new CommandError(
        'ReportNotFound',
        `The operation ${operationId} ended before it was planned; it has no report.`,
      );
    if (existsSync(join(dir, 'report.html'))) return dir;
    throw new CommandError('ReportNotFound', `The report is on the machine of the worker: ${dir}.`);
  });
}

/** The desktop's own way; its program is left to itself. */
async function openInBrowser(page: string): Promise<void> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [page], { detached: true, stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new CommandError(
          'ReportNotFound',
          `There is no ${program} here to open ${page} with (${cause.message}).`,
          { cause },
        ),
      ),
    );
  });
  child.unref();
}
