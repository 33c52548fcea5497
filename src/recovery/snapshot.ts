/** Whether the Backup Path that a snapshot did not touch can be restored from on the clone. */
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { PATH_KEY, settingInForce } from '../overrides/backup-settings-port';
import { printable } from '../report/format';
import type { HostEnv } from './mail-host';
import { openOwn } from './same-server';

/**
 * @param host null: there is no mail host to ask for its own Backup Path
 * @throws Problem `CopyRefused` when it is mounted on the path of the clone's own, or is of another server
 */
export async function checkSnapshotSource(source: string, host: HostEnv | null): Promise<{ text: string }> {
  const untouched = BackupPath.open(source);
  const { serverId } = untouched.marker;
  const serverName = printable(untouched.marker.serverName);
  if (host === null)
    return {
      text: `${source} is of ${serverName}; there is no mail host here whose own Backup Path it could be.`,
    };
  const ownPath = await settingInForce(host.cli, host.server, PATH_KEY, { signal: host.signal });
  const own = openOwn(ownPath);
  if (own?.root === untouched.root)
    throw new Problem(
      'CopyRefused',
      `${source} is the own Backup Path of the clone: mount it on another path.`,
    );
  if (own !== null && own.marker.serverId !== serverId)
    throw new Problem(
      'CopyRefused',
      `${source} is of the server ${serverName}, and the clone is of ${printable(own.marker.serverName)}.`,
    );
  return { text: `${source} is of ${serverName}, as the clone is; its own Backup Path is ${ownPath}.` };
}
