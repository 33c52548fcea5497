/** What an operation of the mail host leaves out, or takes for deleted, because a backup is off. */
import type { CarbonioCli } from '../carbonio/cli';
import { getAllCoses } from '../carbonio/cli/prov';
import type { HostOperationInput, HostOperationName } from '../contracts/host-operations';
import { Problem } from '../failures';
import { readOwn } from './state';

/** Of operations over many accounts. Accounts with a value of their own are not asked one by one: the guard does. */
const OVER_ALL: Readonly<Partial<Record<HostOperationName, string>>> = {
  smartScan: 'its accounts are not scanned, and marked as deleted',
  exportBackup: 'its accounts are not exported',
  purge: 'its accounts count as deleted, and are purged when their retention is over',
};

/** Never throws: a note is no reason not to do what was asked for. What could not be read is a note too. */
export async function backupNotes(
  cli: CarbonioCli,
  operation: HostOperationName,
  input: HostOperationInput,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const account =
      'sourceAccount' in input ? input.sourceAccount : 'account' in input ? input.account : null;
    if (account !== null) return await ofAccount(cli, account, signal);
    const what = OVER_ALL[operation];
    if (what === undefined) return [];
    const notes: string[] = [];
    for (const { name } of await getAllCoses(cli, { signal })) {
      if (name !== null && !(await readOwn(cli, 'cos', name, { signal })).effective)
        notes.push(`The backup of the class of service ${name} is off: ${what}.`);
    }
    return notes;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [`Whether backups are off could not be read: ${error.message}`];
  }
}

async function ofAccount(cli: CarbonioCli, account: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { effective } = await readOwn(cli, 'account', account, { signal });
    if (effective) return [];
    return [
      `The backup of ${account} is off: what came or changed since is not in it, and it is purged when its retention is over.`,
    ];
  } catch (error) {
    // a deleted account, by its id: there is no such account to ask
    if (error instanceof Problem && error.type === 'CommandFailed') return [];
    throw error;
  }
}
