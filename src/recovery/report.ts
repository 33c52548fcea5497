/** What a disaster recovery came to, for people and for machines. */
import { join } from 'node:path';
import type { DisasterRecoveryResult } from '../contracts/disaster-recovery';
import type { StepStatus } from '../contracts/runbook';
import { writeDurably } from '../host/durable-file';
import { operationDir, type OperationName } from '../host/operation-dir';
import { durationWords, printable } from '../report/format';

export const recoveryDir = (stateDir: string, name: OperationName): string =>
  operationDir(stateDir, 'recoveries', name);

export function writeRecoveryReport(
  stateDir: string,
  name: OperationName,
  result: Omit<DisasterRecoveryResult, 'reportDir'>,
  steps: readonly StepStatus[],
): { dir: string; text: string } {
  const dir = recoveryDir(stateDir, name);
  // the step that writes this still works
  const ended = steps.filter(({ state }) => state !== 'working');
  const { rpoSeconds, rtoSeconds } = result;
  const text = [
    `Disaster recovery ${result.operationId}: ${result.status}`,
    '',
    `Source:          ${result.sourcePath}`,
    `Restore:         ${result.restore}`,
    `Restored:        ${result.restored ?? 'not known'}`,
    `Unrestored:      ${result.unrestored ?? 'not known'}`,
    `Lost at most:    ${rpoSeconds === null ? 'not known' : durationWords(rpoSeconds)} of changes before this recovery began (RPO)`,
    `Took:            ${durationWords(rtoSeconds)}, answers of people included (RTO)`,
    '',
    'Steps',
    ...ended.map((one) => `- ${one.title}: ${one.state}${one.text === null ? '' : `. ${one.text}`}`),
    '',
    'Left to do: keep the old Backup Path read-only; see `lifeboat overrides list` empty; open the network.',
    '',
  ]
    .map((line) => printable(line))
    .join('\n');
  writeDurably(join(dir, 'recovery.txt'), text);
  writeDurably(join(dir, 'recovery.json'), `${JSON.stringify({ ...result, steps: ended }, null, 2)}\n`);
  return { dir, text };
}
