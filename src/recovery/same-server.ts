/** What is changed on a mail host while it restores from a copy of its own Backup Path, and whether that may be. */
import { realpathSync } from 'node:fs';
import { BackupPath } from '../backup-path/store';
import type { CarbonioCli } from '../carbonio/cli';
import { Problem } from '../failures';
import {
  BACKUP_SLOTS,
  PATH_KEY,
  pausedSchedule,
  SCANNER_KEY,
  scannerOff,
  SCHEDULE_KEYS,
  serverKey,
  SETTING_NAMES,
  settingInForce,
} from '../overrides/backup-settings-port';
import { printable } from '../report/format';

export interface Change {
  readonly slot: string;
  readonly key: string;
  readonly value: string;
  readonly what: string;
}

export interface SameServerPlan {
  /** In order; the path is the last. What is off already is not among them. */
  readonly changes: readonly Change[];
  /** Of the server that the copy is of. */
  readonly serverId: string;
  readonly text: string;
}

/**
 * @throws Problem `CopyRefused` when it is no copy of this server's Backup Path, or that itself
 */
export async function planSameServer(
  cli: CarbonioCli,
  server: string,
  copyPath: string,
  signal: AbortSignal,
): Promise<SameServerPlan> {
  const ownPath = await settingInForce(cli, server, PATH_KEY, { signal });
  const copy = BackupPath.open(copyPath);
  const own = openOwn(ownPath);
  if (isSameFolder(ownPath, copy.root))
    throw refused(
      `${copyPath} is the Backup Path of ${server} itself: no copy is needed to restore from it.`,
    );
  if (own !== null && own.marker.serverId !== copy.marker.serverId)
    throw refused(
      `${copyPath} is of the server ${printable(copy.marker.serverName)}, not of ${server}: use disasterRecovery or externalRestore.`,
    );
  const changes: Change[] = [];
  const look = async (attribute: string, off: (value: string) => string | null): Promise<void> => {
    const value = off(await settingInForce(cli, server, attribute, { signal }));
    if (value !== null) changes.push(changeOf(server, attribute, value));
  };
  await look(SCANNER_KEY, scannerOff);
  for (const attribute of SCHEDULE_KEYS) await look(attribute, pausedSchedule);
  changes.push(changeOf(server, PATH_KEY, copy.root));
  const sure =
    own === null ? ` ${ownPath} cannot be read here: that it is of the same server is for you to know.` : '';
  return {
    changes,
    serverId: copy.marker.serverId,
    text: `${copyPath} is a copy of the Backup Path of ${printable(copy.marker.serverName)} (${ownPath}).${sure}`,
  };
}

const changeOf = (server: string, attribute: string, value: string): Change => ({
  ...{ slot: BACKUP_SLOTS[attribute] ?? '', key: serverKey(server, attribute), value },
  what: SETTING_NAMES[attribute] ?? attribute,
});

/** Null when it is lost, which is why a copy is needed. */
export function openOwn(path: string): BackupPath | null {
  try {
    return BackupPath.open(path);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

export const isSameFolder = (one: string, other: string): boolean => real(one) === real(other);

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const refused = (what: string): Problem => new Problem('CopyRefused', what);
