/** Phase 3: shares and data sources. Forms by the server's source. */
import type { AccountExtras } from '../target';
import { isFault } from './fault';
import { CarbonioFolders } from './folders';
import { listOf } from './json';
import type { AccountSession } from './session';
import { snapshotOf } from './snapshot';

/** Kinds that are made, with the port of their encrypted service: the Backup Path has no port. */
const PORTS: Readonly<Record<string, number>> = { imap: 993, pop3: 995 };

/** Does what is missing; answers what could not be done, one sentence each. */
export async function addExtras(session: AccountSession, extras: AccountExtras): Promise<string[]> {
  const { mountpoints, shares, dataSources } = extras;
  const notes: string[] = [];
  if (mountpoints.length > 0) {
    const names = mountpoints.slice(0, 20).map(({ name }) => JSON.stringify(name));
    notes.push(
      `Not restored, the Backup Path does not tell whose folders they show: mountpoints ${names.join(', ')}.`,
    );
  }
  if (shares.length > 0) {
    const folders = new CarbonioFolders(session, await snapshotOf(session));
    for (const share of shares) notes.push(...(await grant(session, folders, share)));
  }
  if (dataSources.length > 0) notes.push(...(await addDataSources(session, dataSources)));
  return notes;
}

/** A grant that is there is given again, which changes nothing. */
async function grant(
  session: AccountSession,
  folders: CarbonioFolders,
  { folder, grantee, rights }: AccountExtras['shares'][number],
): Promise<string[]> {
  const id = folders.find(folder);
  if (id === null) return [`The share of folder ${folder} with ${grantee} is not restored: no such folder.`];
  const action = { id: String(id), op: 'grant', grant: { gt: 'usr', d: grantee, perm: rights } };
  try {
    await session.call('FolderAction', { action });
    return [];
  } catch (error) {
    if (isFault(error, 'mail.GRANT_EXISTS')) return [];
    if (!isFault(error)) throw error;
    return [`The share of folder ${folder} with ${grantee} is not restored: ${error.words}.`];
  }
}

async function addDataSources(
  session: AccountSession,
  wanted: AccountExtras['dataSources'],
): Promise<string[]> {
  const answer = await session.call('GetDataSources');
  const there = new Set(
    Object.keys(answer).flatMap((type) => listOf(answer, type).map(({ name }) => `${type} ${String(name)}`)),
  );
  const notes: string[] = [];
  const made: string[] = [];
  for (const { name, type, host, user } of wanted) {
    if (there.has(`${type} ${name}`)) continue;
    const port = PORTS[type];
    if (port === undefined) {
      notes.push(`The data source "${name}" is not restored: its kind (${type}) is not known.`);
      continue;
    }
    // without its password it would only fail again and again
    const settings = { name, host, port, connectionType: 'ssl', username: user, isEnabled: '0', l: '-1' };
    try {
      await session.call('CreateDataSource', { [type]: settings });
      made.push(`"${name}"`);
    } catch (error) {
      if (isFault(error, 'account.DATA_SOURCE_EXISTS')) continue;
      if (!isFault(error)) throw error;
      notes.push(`The data source "${name}" is not restored: ${error.words}.`);
    }
  }
  if (made.length > 0) {
    notes.push(
      `Switched off until the user enters the password, which is not in the backup: ${made.join(', ')}.`,
    );
  }
  return notes;
}
