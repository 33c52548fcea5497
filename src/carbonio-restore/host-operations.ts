/** The operations on the own backup of the mail host: what the host is told, and what it said at the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backupNotes } from '../backup-enabled/notes';
import type {
  HostOperationInput,
  HostOperationName,
  HostOperationResult,
} from '../contracts/host-operations';
import { errorCode } from '../backup-path/defect';
import { Problem } from '../failures';
import { unusable, writeDurably } from '../host/durable-file';
import { operationDir, type OperationName } from '../host/operation-dir';
import { drive, stop, type DriveOptions, type Driven } from './drive';
import type { HostRestoreEnv } from './host-restore';
import { StepJournal, type Step } from './journal';

type Asked = Pick<Step, 'command' | 'values' | 'subjects'> & {
  /** How often it is started when it is lost; 1 where a second start is not the same. */
  readonly attempts: number;
};

const ASK: { readonly [N in HostOperationName]: (input: HostOperationInput<N>) => Asked } = {
  smartScan: ({ deep }) => ({ command: 'doSmartScan', values: { deep }, subjects: [], attempts: 3 }),
  exportBackup: ({ destinationPath, domains }) => ({
    command: 'doExport',
    values: { destination_path: destinationPath, ...some('domains', domains) },
    subjects: [destinationPath],
    // it is not resumable, and a folder that is not empty may be refused
    attempts: 1,
  }),
  restoreOnNewAccount: ({ sourceAccount, destinationAccount, date, restoreDatasource }) => ({
    command: 'doRestoreOnNewAccount',
    values: {
      source_account: sourceAccount,
      destination_account: destinationAccount,
      date,
      restore_datasource: restoreDatasource,
    },
    subjects: [sourceAccount, destinationAccount],
    attempts: 1,
  }),
  undelete: ({ account, startDate, endDate, targetOriginalFolder }) => ({
    command: 'doUndelete',
    values: {
      account,
      start_date: startDate,
      end_date: endDate,
      target_original_folder: targetOriginalFolder,
    },
    subjects: [account],
    attempts: 1,
  }),
  itemRestore: ({ account, itemId, date }) => ({
    command: 'doItemRestore',
    values: { account, item_id: itemId, ...(date === 'last' ? {} : { date }) },
    subjects: [account],
    attempts: 1,
  }),
  coherencyCheck: ({ backupPath, accounts, checkZimbra, fixBackup }) => ({
    command: 'doCoherencyCheck',
    values: { backup_path: backupPath, ...some('accountIds', accounts), checkZimbra, fixBackup },
    subjects: [backupPath],
    attempts: 3,
  }),
  purge: ({ days }) => ({
    command: 'doPurge',
    values: days === undefined ? {} : { purgeDays: days },
    subjects: [],
    attempts: 3,
  }),
};

/** An empty list would mean "none" or "all", which is the default. */
const some = (name: string, values: readonly string[]): Record<string, unknown> =>
  values.length === 0 ? {} : { [name]: values };

export interface HostOperation<N extends HostOperationName = HostOperationName> {
  readonly name: OperationName;
  readonly operation: N;
  readonly input: HostOperationInput<N>;
}

const askFor = <N extends HostOperationName>({ operation, input }: HostOperation<N>): Asked => {
  const asked = ASK[operation](input);
  return input.notifications.length === 0 || !TAKES_ADDRESSES.has(operation)
    ? asked
    : { ...asked, values: { ...asked.values, notifications: input.notifications } };
};

const TAKES_ADDRESSES: ReadonlySet<HostOperationName> = new Set([
  'smartScan',
  'exportBackup',
  'restoreOnNewAccount',
  'undelete',
  'coherencyCheck',
]);

const dirOf = (stateDir: string, { name }: HostOperation): string =>
  operationDir(stateDir, 'host-operations', name);

const notesFile = (stateDir: string, one: HostOperation): string => join(dirOf(stateDir, one), 'notes.json');

/** None of an operation that an earlier release began. */
function notesOf(stateDir: string, one: HostOperation): string[] {
  try {
    return JSON.parse(readFileSync(notesFile(stateDir, one), 'utf8')) as string[];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw unusable(notesFile(stateDir, one), 'read', error);
  }
}

function driveOptions(env: HostRestoreEnv, one: HostOperation, attempts: number): DriveOptions {
  const { pollSeconds, settleSeconds, graceSeconds } = one.input.advanced;
  const journal = new StepJournal(join(dirOf(env.stateDir, one), 'step.json'));
  return {
    ...{ cli: env.cli, signal: env.signal, journal, attempts },
    ...{ pollMs: pollSeconds * 1000, settleMs: settleSeconds * 1000, graceMs: graceSeconds * 1000 },
    onHost: (id) => env.onHost(id, journal.file),
  };
}

/** Starts it, once, and follows it until `until` (epoch milliseconds) or its end. */
export async function followHostOperation(
  env: HostRestoreEnv,
  one: HostOperation,
  until: number,
): Promise<Driven> {
  const { attempts, ...asked } = askFor(one);
  const options = driveOptions(env, one, attempts);
  if (options.journal.read() === null) {
    const notes = await backupNotes(env.cli, one.operation, one.input, env.signal);
    writeDurably(notesFile(env.stateDir, one), JSON.stringify(notes));
    options.journal.write({ ...asked, attempts: [], result: null });
  }
  return drive(options, until);
}

export const stopHostOperation = (env: HostRestoreEnv, one: HostOperation): Promise<void> =>
  stop(driveOptions(env, one, 1));

/**
 * Writes report.txt (what the mail host said) and report.json.
 * @throws Problem `HostOperationFailed`, `NeedsOperator` when it is not proved to be done
 */
export function reportHostOperation(stateDir: string, one: HostOperation): HostOperationResult {
  const dir = dirOf(stateDir, one);
  const step = new StepJournal(join(dir, 'step.json')).read();
  if (!step || step.result === null) throw new Problem('StateUnavailable', `There is no result in ${dir}.`);
  const { outcome, why, text } = step.result;
  const { operationId } = one.name;
  const hostOperation = step.attempts.at(-1)?.id ?? '';
  const stats = statsIn(text ?? '');
  const notes = notesOf(stateDir, one);
  const report = {
    operationId,
    operation: one.operation,
    outcome,
    why,
    hostOperation,
    asked: step.values,
    stats,
    notes,
  };
  writeDurably(join(dir, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  const said = text ?? `The mail host sent no report: ${why ?? outcome}.\n`;
  writeDurably(join(dir, 'report.txt'), [...notes.map((note) => `Note: ${note}\n`), said].join(''));
  if (outcome === 'successful')
    return { status: 'completed', operationId, hostOperation, stats, notes, reportDir: dir };
  const type = outcome === 'unproved' ? 'NeedsOperator' : 'HostOperationFailed';
  throw new Problem(type, `${step.command}: ${why ?? outcome}.`, { hostOperation, reportDir: dir });
}

/** The lines `label: value` below `- stats -`. */
function statsIn(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const from = lines.findIndex((line) => /^-\s*stats\s*-$/i.test(line));
  if (from < 0) return {};
  const found: [string, string][] = [];
  for (const line of lines.slice(from + 1, from + 201)) {
    const colon = line.indexOf(':');
    if (/^-\s*\S.*-$/.test(line)) break;
    if (colon > 0)
      found.push([
        line.slice(0, colon).trim().slice(0, 100),
        line
          .slice(colon + 1)
          .trim()
          .slice(0, 500),
      ]);
  }
  return Object.fromEntries(found);
}
