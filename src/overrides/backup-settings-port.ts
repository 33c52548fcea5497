/**
 * Settings of the Backup module that an import wants to be otherwise for a while: the Real Time Scanner and the schedules
 * of SmartScan and purge, on one server. They are applied at once, without a reload.
 *
 * Shaped as an `OverridePort` (read, write, activate, prove), so that the journal of overrides can see to the way back.
 */
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getConfig, setConfig, unsetConfig, type ConfigObject } from '../carbonio/cli/settings';
import { unknownOutput } from '../carbonio/parse/excerpt';
import { PATH_SLOT, type Setting } from '../contracts/override';
import { Problem } from '../failures';
import { isSameSetting, type OverridePort } from './model';

export const SCANNER_KEY = 'ZxBackup_RealTimeScanner';
/** Where the Backup Path of a server is. */
export const PATH_KEY = 'ZxBackup_DestPath';
export const SCHEDULE_KEYS = ['backupSmartScanScheduler', 'backupPurgeScheduler'] as const;

/** Slot of the journal by attribute. */
export const BACKUP_SLOTS: Readonly<Record<string, string>> = {
  [SCANNER_KEY]: 'real-time-scanner',
  backupSmartScanScheduler: 'smartscan-schedule',
  backupPurgeScheduler: 'purge-schedule',
  [PATH_KEY]: PATH_SLOT,
};

/** What makes the host write into its Backup Path by itself: it stays off while that is a copy. */
export const NOT_UNDER_OTHER_PATH: ReadonlySet<string> = new Set(
  [SCANNER_KEY, ...SCHEDULE_KEYS].flatMap((attribute) => BACKUP_SLOTS[attribute] ?? []),
);

/** What people call them. */
export const SETTING_NAMES: Readonly<Record<string, string>> = {
  [SCANNER_KEY]: 'The Real Time Scanner',
  backupSmartScanScheduler: 'The schedule of SmartScan',
  backupPurgeScheduler: 'The schedule of purge',
  [PATH_KEY]: 'The Backup Path',
};

/** What the journal calls it: whose setting it is must be known when nothing else is left of the operation. */
export const serverKey = (server: string, attribute: string): string => `server/${server}/${attribute}`;

interface Named {
  readonly object: ConfigObject;
  readonly attribute: string;
}

/** @throws Problem `JournalDamaged` */
function named(key: string): Named {
  const [, name, attribute] = /^server\/([A-Za-z0-9][A-Za-z0-9._-]*)\/([A-Za-z]\w*)$/.exec(key) ?? [];
  if (name === undefined || attribute === undefined)
    throw new Problem('JournalDamaged', `"${key.slice(0, 80)}" names no setting of a mail server.`);
  return { object: { scope: 'server', name }, attribute };
}

/** Keys are those of {@link serverKey}. */
export function backupSettingsPort(cli: CarbonioCli): OverridePort {
  const written = new Map<string, Setting>();
  const read = async (key: string): Promise<Setting> => {
    const { object, attribute } = named(key);
    const { value, inherited } = await getConfig(cli, object, attribute);
    // whose value it is must be known, or nobody can put it back
    if (inherited === null) throw unknownOutput(`Whether ${attribute} is inherited`, value);
    return inherited ? { set: false } : { set: true, value: canonical(value) };
  };
  return {
    read,
    async write(key: string, value: Setting): Promise<void> {
      const { object, attribute } = named(key);
      if (value.set) await setConfig(cli, object, attribute, value.value);
      else await unsetConfig(cli, object, attribute);
      written.set(key, value);
    },
    /** Nothing to do: changes of the configuration bypass the queue of operations and need no restart. */
    activate: async (): Promise<void> => undefined,
    /** @throws Problem `UnknownOutput` when the host does not say what was written */
    async prove(): Promise<void> {
      for (const [key, wanted] of written) {
        if (!isSameSetting(await read(key), wanted))
          throw new Problem('UnknownOutput', `${key} was written, and the mail host says something else.`);
      }
    },
  };
}

/** The value in force, inherited or not. */
export const settingInForce = async (
  cli: CarbonioCli,
  server: string,
  attribute: string,
  options: CallOptions = {},
): Promise<string> =>
  canonical((await getConfig(cli, { scope: 'server', name: server }, attribute, options)).value);

/** A schedule as it is, but off; null when it is off. @throws Problem `UnknownOutput` for what is no schedule */
export function pausedSchedule(value: string): string | null {
  const schedule = objectIn(value);
  if (typeof schedule?.['cron-enabled'] !== 'boolean')
    throw unknownOutput('A schedule of the mail host', value);
  return schedule['cron-enabled'] ? canonical(JSON.stringify({ ...schedule, 'cron-enabled': false })) : null;
}

/** The switch of the scanner as it is, but off; null when it is off. @throws Problem `UnknownOutput` for another word */
export function scannerOff(value: string): string | null {
  if (!/^(true|false)$/i.test(value)) throw unknownOutput('The switch of the Real Time Scanner', value);
  return value.toUpperCase() === 'TRUE' ? 'FALSE' : null;
}

/** Another spelling is no other value: a host that writes `false` for `FALSE` has not changed it. */
function canonical(value: string): string {
  if (/^(true|false)$/i.test(value)) return value.toUpperCase();
  const found = objectIn(value);
  if (found === null) return value;
  return JSON.stringify(Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && !Array.isArray(found)
      ? (found as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
