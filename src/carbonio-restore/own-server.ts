/** An External Restore onto the server that the backup came from: ids of items and folders are the same, and clash. */
import { Problem } from '../failures';
import { isSameFolder, openOwn } from '../recovery/same-server';
import { PATH_KEY, settingInForce } from '../overrides/backup-settings-port';
import type { PreflightEnv } from './preflight';

/**
 * @param serverId of the source; null: not known here
 * @throws Problem `SameServer`; forced, it only says so
 */
export async function refuseOwnServer(
  { cli, server, signal }: PreflightEnv,
  source: string,
  serverId: string | null,
  forced: boolean,
): Promise<string[]> {
  let ownPath: string;
  try {
    ownPath = await settingInForce(cli, server, PATH_KEY, { signal });
  } catch (error) {
    if (!(error instanceof Problem) || !['CommandFailed', 'UnknownOutput'].includes(error.type)) throw error;
    return ['Where the own Backup Path of the mail host is could not be read: it must not be the source.'];
  }
  const what = whyOwn(ownPath, source, serverId, server);
  if (what === null) return [];
  if (forced) return [`${what}.`];
  throw new Problem('SameServer', `${what}: ids of items and folders are the same, and clash.`, { source });
}

function whyOwn(ownPath: string, source: string, serverId: string | null, server: string): string | null {
  const own = openOwn(ownPath);
  if (isSameFolder(own?.root ?? ownPath, source)) return `${source} is the own Backup Path of ${server}`;
  return own?.marker.serverId === serverId ? `${source} comes from ${server} itself` : null;
}
