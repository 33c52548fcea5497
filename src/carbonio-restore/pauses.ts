/** Which settings of the mail host are to be otherwise while it restores: the Real Time Scanner, two schedules. */
import type { CarbonioCli } from '../carbonio/cli';
import type { Pause } from '../contracts/engine';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import {
  BACKUP_SLOTS,
  pausedSchedule,
  SCANNER_KEY,
  scannerOff,
  SCHEDULE_KEYS,
  serverKey,
  SETTING_NAMES,
  settingInForce,
} from '../overrides/backup-settings-port';
import { domainOf } from '../restore/select';
import type { SurveyRow } from './survey';

type Mode = ExternalRestoreInput['carbonio']['pauseScanner'];

/**
 * Reads, and changes nothing. What is off already is left alone.
 * @throws Problem `HostNotReady` for a setting that is to be changed in any case and cannot be read
 */
export async function pausesOf(
  env: { readonly cli: CarbonioCli; readonly signal: AbortSignal },
  server: string,
  rows: readonly Pick<SurveyRow, 'name'>[],
  { pauseScanner, pauseSchedules, pauseDeadlineSeconds: deadlineSeconds }: ExternalRestoreInput['carbonio'],
): Promise<{ pauses: Pause[]; notes: string[] }> {
  const pauses: Pause[] = [];
  const notes: string[] = [];
  const look = async (
    attribute: string,
    mode: Mode,
    off: (value: string) => string | null,
  ): Promise<void> => {
    const what = SETTING_NAMES[attribute] ?? attribute;
    const key = serverKey(server, attribute);
    try {
      const value = off(await settingInForce(env.cli, server, attribute, { signal: env.signal }));
      if (value === null) return;
      if (mode === 'never') notes.push(`${what} stays on during the restore, as was asked for.`);
      else {
        const slot = BACKUP_SLOTS[attribute] ?? '';
        const wanted = { set: true as const, value };
        pauses.push({ slot, key, wanted, deadlineSeconds, what, optional: mode === 'auto' });
      }
    } catch (error) {
      if (!(error instanceof Problem) || !['CommandFailed', 'UnknownOutput'].includes(error.type))
        throw error;
      const told = `${what} of ${server} could not be looked at (${error.message.replace(/\.$/, '')})`;
      const remedy = `Switch it off yourself until the restore is done (${attribute})`;
      if (mode === 'always') throw new Problem('HostNotReady', `${told}. ${remedy}, and ask for "never".`);
      if (mode === 'auto') notes.push(`${told}. ${remedy}.`);
    }
  };
  const severalDomains = new Set(rows.map(({ name }) => domainOf(name))).size > 1;
  if (pauseScanner !== 'auto' || severalDomains) await look(SCANNER_KEY, pauseScanner, scannerOff);
  for (const attribute of SCHEDULE_KEYS) await look(attribute, pauseSchedules, pausedSchedule);
  if (pauses.some(({ key }) => key.endsWith(`/${SCANNER_KEY}`))) {
    notes.push(
      'What arrives while the Real Time Scanner is off is in no backup: run a SmartScan afterwards (`lifeboat host smartScan`, ' +
        'or `carbonio backup doSmartScan start`).',
    );
  }
  return { pauses, notes };
}
