/** A folder of the state folder for each operation of a kind. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { safeName } from './safe-name';

export interface OperationName {
  /** The user's name of the operation: the workflow id. */
  readonly operationId: string;
  /** Names one chain of runs: two operations may have had one id. */
  readonly operationKey: string;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `<kind>/<operation id>-<8 digits>`; the digits tell apart operations that had the same id. Not made yet. */
export const operationDir = (
  stateDir: string,
  kind: string,
  { operationId, operationKey }: OperationName,
): string => join(stateDir, kind, `${safeName(operationId)}-${hashOf(operationKey).slice(0, 8)}`);
