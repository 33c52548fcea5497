/** Whether a server has a backup of its own, and goes on making it. */
import { accessSync, constants } from 'node:fs';
import { BackupPath } from '../backup-path/store';
import { errorCode } from '../backup-path/defect';
import {
  PATH_KEY,
  pausedSchedule,
  SCANNER_KEY,
  scannerOff,
  SCHEDULE_KEYS,
  SETTING_NAMES,
  settingInForce,
} from '../overrides/backup-settings-port';
import { asked, type Look } from './look';
import type { HostEnv } from './mail-host';
import { isSameFolder } from './same-server';

/** That the host finds it is enough: what it prints is not documented. */
export const initialised = ({ cli, signal }: Pick<HostEnv, 'cli' | 'signal'>): Promise<Look> => {
  const what = 'Own Backup Path';
  return asked(what, 'Initialise it: `carbonio backup doSmartScan start`.', async () => {
    await cli.call(['backup', 'getBackupInfo'], { signal });
    return { what, ok: true, found: 'It is initialised.', remedy: '' };
  });
};

/** After a recovery. @param source what was restored from */
export async function ownBackupLooks(env: HostEnv, source: string): Promise<Look[]> {
  return [
    await initialised(env),
    await another(env, source),
    await isOn(env, SCANNER_KEY, scannerOff),
    ...(await Promise.all(SCHEDULE_KEYS.map((key) => isOn(env, key, pausedSchedule)))),
    readOnly(source),
  ];
}

function another({ cli, server, signal }: HostEnv, source: string): Promise<Look> {
  const what = 'Old Backup Path';
  const remedy = `Set ${PATH_KEY} of ${server} to a new folder and run a SmartScan.`;
  return asked(what, remedy, async () => {
    const path = await settingInForce(cli, server, PATH_KEY, { signal });
    if (!isSameFolder(path, source)) return { what, ok: true, found: `The own one is ${path}.`, remedy: '' };
    return { what, ok: false, found: `${source} is the own Backup Path of ${server} too.`, remedy };
  });
}

/** @param off what would switch it off; null: it is off */
function isOn(env: HostEnv, key: string, off: (value: string) => string | null): Promise<Look> {
  const what = SETTING_NAMES[key] ?? key;
  const remedy = `Switch it on (${key} of ${env.server}), or see why \`lifeboat overrides list\` still has it.`;
  return asked(what, remedy, async () => {
    const value = await settingInForce(env.cli, env.server, key, { signal: env.signal });
    if (off(value) !== null) return { what, ok: true, found: 'It is on.', remedy: '' };
    return { what, ok: false, found: 'It is off.', remedy };
  });
}

/** Of what is kept for the case that something is missing yet. */
export function readOnly(source: string): Look {
  const what = `${source} stays as it is`;
  try {
    accessSync(BackupPath.open(source).root, constants.W_OK);
  } catch (error) {
    if (['EROFS', 'EACCES'].includes(errorCode(error) ?? ''))
      return { what, ok: true, found: 'It cannot be written to.', remedy: '' };
    throw error;
  }
  const remedy =
    'Keep it read-only from now on: mount it so (`mount -o remount,ro`), or take the right to write away.';
  return { what, ok: false, found: 'It can still be written to.', remedy };
}
