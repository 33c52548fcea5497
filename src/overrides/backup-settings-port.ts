/**
 * Settings of the Backup module that an import wants to be otherwise for a while: the Real Time Scanner and the schedules
 * of SmartScan and purge, on one server. They are applied at once, without a reload.
 *
 * Shaped as an `OverridePort` (read, write, activate, prove), so that the journal of overrides can see to the way back.
 */
import type { CarbonioCli } from '../carbonio/cli';
import { getConfig, setConfig, unsetConfig } from '../carbonio/cli/settings';
import { unknownOutput } from '../carbonio/parse/excerpt';
import { Problem } from '../failures';

/** Not set is inherited: it is put back as it was. */
type Setting = { readonly set: true; readonly value: string } | { readonly set: false };

export const SCANNER_KEY = 'ZxBackup_RealTimeScanner';
export const SCHEDULE_KEYS = ['backupSmartScanScheduler', 'backupPurgeScheduler'] as const;

/** @param server name of the mail server whose own values these are */
export function backupSettingsPort(cli: CarbonioCli, server: string) {
  const object = { scope: 'server', name: server } as const;
  const written = new Map<string, Setting>();
  const read = async (key: string): Promise<Setting> => {
    const { value, inherited } = await getConfig(cli, object, key);
    // whose value it is must be known, or nobody can put it back
    if (inherited === null) throw unknownOutput(`Whether ${key} is inherited`, value);
    return inherited ? { set: false } : { set: true, value };
  };
  return {
    read,
    async write(key: string, value: Setting): Promise<void> {
      if (value.set) await setConfig(cli, object, key, value.value);
      else await unsetConfig(cli, object, key);
      written.set(key, value);
    },
    /** Nothing to do: changes of the configuration bypass the queue of operations and need no restart. */
    activate: async (): Promise<void> => undefined,
    /** @throws Problem `UnknownOutput` when the host does not say what was written */
    async prove(): Promise<void> {
      for (const [key, wanted] of written) {
        const found = await read(key);
        const isSame =
          found.set === wanted.set && (!found.set || !wanted.set || found.value === wanted.value);
        if (!isSame)
          throw new Problem('UnknownOutput', `${key} was written, and the mail host says something else.`);
      }
    },
  };
}

/** The value in force, inherited or not. */
export const settingInForce = async (cli: CarbonioCli, server: string, key: string): Promise<string> =>
  (await getConfig(cli, { scope: 'server', name: server }, key)).value;

/** A schedule as it is, but off. @throws Problem `UnknownOutput` for what is no schedule */
export function pausedSchedule(value: string): string {
  try {
    const schedule = JSON.parse(value) as Record<string, unknown>;
    if (typeof schedule['cron-enabled'] === 'boolean')
      return JSON.stringify({ ...schedule, 'cron-enabled': false });
  } catch {
    // told below
  }
  throw unknownOutput('A schedule of the mail host', value);
}
