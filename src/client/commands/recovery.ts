/** `lifeboat restore-account`, `undelete`, `restore-item`: one account, or a part of one, from a Backup Path. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import { directRestore, type RecoveryName } from '../../contracts/direct-recovery';
import { externalRestoreInput, type ExternalRestoreResult } from '../../contracts/external-restore';
import { HOST_INPUTS, HOST_TITLES, type HostOperationRequest } from '../../contracts/host-operations';
import { byteSize, printable } from '../../report/format';
import { dryRun } from '../../restore/dry-run';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { parseItems } from '../item-list';
import { namedId, realPath } from '../operation-id';
import { runOperation, type OperationOptions } from '../operation';
import { print, printJson } from '../output';
import { absoluteTarget } from '../restore-options';
import { runningJson } from '../restore-result';
import { showRestoreEnd } from './restore';

export interface RecoveryOptions extends OperationOptions {
  backupPath: string;
  target?: string;
  date?: string;
  folder?: string;
  onInvalid?: 'report' | 'save';
  notifications?: string[];
  dryRun?: boolean;
}
export interface NewAccountOptions extends RecoveryOptions {
  existingAccount?: boolean;
  restoreDatasource: boolean;
}
export interface UndeleteOptions extends RecoveryOptions {
  from?: string;
  to?: string;
  ownFolder?: boolean;
}

export const restoreAccount = (
  sourceAccount: string,
  destinationAccount: string,
  options: NewAccountOptions,
): Promise<number> => {
  const { date, existingAccount, restoreDatasource } = options;
  return run('restoreOnNewAccount', options, sourceAccount, {
    ...{ sourceAccount, destinationAccount, ...given({ date, existingAccount }) },
    ...(restoreDatasource ? {} : { restoreDatasource }),
  });
};

export const undelete = (account: string, options: UndeleteOptions): Promise<number> => {
  const { from: startDate, to: endDate, folder, ownFolder } = options;
  const fields = { account, ...given({ startDate, endDate, folder }) };
  return run('undelete', options, account, {
    ...fields,
    ...(ownFolder ? { targetOriginalFolder: false } : {}),
  });
};

export const restoreItem = (
  account: string,
  words: readonly string[],
  options: RecoveryOptions,
): Promise<number> => {
  const { date, folder } = options;
  const itemId = parseItems(words).join(',');
  return run('itemRestore', options, account, { account, itemId, ...given({ date, folder }) });
};

/** Without what was not given: the UI shows no more than what was asked for. */
const given = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

async function run<N extends RecoveryName>(
  name: N,
  options: RecoveryOptions,
  account: string,
  fields: Omit<HostOperationRequest<N>, 'sourcePath'>,
): Promise<number> {
  const { backupPath, target, onInvalid, notifications, json = false } = options;
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const common = {
    ...{ engine: 'direct' as const, sourcePath: backupPath.trim() === '' ? '' : resolve(backupPath) },
    ...given({ onInvalid, notifications }),
    ...(target === undefined ? {} : { target: absoluteTarget(target, process.cwd()) }),
  };
  const request = { ...fields, ...common };
  const input = checkInput(HOST_INPUTS[name], request);
  const { kind } = HOST_TITLES[name];
  if (options.dryRun) {
    const restore = externalRestoreInput.parse(directRestore(name, input as never));
    return showDryRun(kind, dryRun(restore), json);
  }
  const canonical = {
    ...(input as object),
    sourcePath: realPath(common.sourcePath),
    target: target ?? config.defaultTarget,
  };
  return runOperation<ExternalRestoreResult>(config, options, {
    noun: kind,
    derivedId: namedId(
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      account,
      canonical,
    ),
    start: { type: name, input: request, summary: `${kind}: ${account} from ${common.sourcePath}` },
    left: runningJson,
    finish: (end) => showRestoreEnd(end, json, kind),
  });
}

function showDryRun(kind: string, counts: ReturnType<typeof dryRun>, json: boolean): number {
  if (json) printJson({ dryRun: true, ...counts });
  else {
    const { accountId, mailbox, source, items, bytes, filtered, unreadable } = counts;
    print(
      [
        `${kind}, dry run: nothing was restored.`,
        printable(`Account:  ${accountId}, into the mailbox ${mailbox}`),
        `Items:    ${source} in the source: ${items} to restore (${byteSize(bytes)}), ${filtered} filtered, ${unreadable} unreadable`,
      ].join('\n'),
    );
  }
  return counts.unreadable > 0 ? EXIT.partial : EXIT.done;
}
