/** `lifeboat backup-enabled`: whether the mail host backs up a class of service or an account. Needs no server. */
import { OffRecord } from '../../backup-enabled/record';
import { changeBackup, readBackupState, readRetention } from '../../backup-enabled/state';
import { openCarbonioHost } from '../../carbonio/host';
import { loadConfig } from '../../config';
import {
  consequenceText,
  purgeFrom,
  stateText,
  type BackupScope,
  type BackupState,
  type Retention,
} from '../../contracts/backup-enabled';
import { explain, Problem } from '../../failures';
import { confirm } from '../ask';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { hostLog } from '../host-log';
import { Interrupts } from '../interrupts';
import { print, printJson, say } from '../output';

export interface BackupEnabledOptions {
  stateDir?: string;
  yes?: boolean;
  json?: boolean;
}

function open({ stateDir }: BackupEnabledOptions) {
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  return {
    cli: openCarbonioHost(config.carbonio, config, hostLog()).cli,
    record: new OffRecord(config.stateDir, config.host),
  };
}

export async function get(scope: BackupScope, name: string, options: BackupEnabledOptions): Promise<number> {
  const { cli, record } = open(options);
  const state = await readBackupState(cli, scope, name);
  const since = record.since(state);
  const retention = state.effective ? null : await readRetention(cli);
  if (options.json)
    printJson({
      ...state,
      offSince: since === null ? null : new Date(since).toISOString(),
      ...(retention === null ? {} : { retentionDays: retention }),
    });
  else {
    print(`backupEnabled of ${scope} ${name}: ${stateText(state)}`);
    if (retention !== null) print(consequence(state, retention, since));
  }
  return EXIT.done;
}

const UNKNOWN = 'Since when it is off is not known here, so the day may be earlier.';

/** @param since null: it is off, and nobody knows since when */
function consequence(
  { scope, name }: Pick<BackupState, 'scope' | 'name'>,
  retention: Retention,
  since: number | null,
): string {
  const text = consequenceText(scope, name, retention, since ?? Date.now());
  return since === null ? `${text}\n${UNKNOWN}` : text;
}

/** @param wanted null: takes the own value away */
export async function change(
  scope: BackupScope,
  name: string,
  wanted: boolean | null,
  options: BackupEnabledOptions,
): Promise<number> {
  const { cli, record } = open(options);
  const previous = await readBackupState(cli, scope, name);
  const isOff = !(wanted ?? previous.inherited);
  const retention = isOff ? await readRetention(cli) : null;
  // what was off before, by itself or with its class, is purged earlier than what is switched off now
  const since = previous.effective ? Date.now() : record.since(previous);
  if (retention !== null && !options.yes && !(await confirmed(previous, retention, since, options))) {
    say('Nothing was changed.');
    return EXIT.interrupted;
  }
  const now = previous.own === wanted ? previous : await changeBackup(cli, scope, name, wanted);
  await remember(record, now, since ?? Date.now());
  const until = retention === null || now.effective ? null : purgeFrom(since ?? Date.now(), retention);
  if (options.json)
    printJson({
      ...{ status: now === previous ? 'unchanged' : 'changed', previous, now },
      purgeFrom: until === null ? null : new Date(until).toISOString(),
    });
  else {
    print(`backupEnabled of ${scope} ${name}: ${stateText(now)}`);
    print(now === previous ? 'It was so before.' : `Before: ${stateText(previous)}`);
    if (retention !== null && !now.effective) say(consequence(now, retention, since));
  }
  return EXIT.done;
}

/** The change is made: that its day could not be kept is told, and no failure of it. */
async function remember(record: OffRecord, now: BackupState, since: number): Promise<void> {
  try {
    await record.note(now, now.own === false, since);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(
      `Since when it is off could not be kept, so warnings count from when the guard sees it: ${error.message}`,
    );
  }
}

/** @throws CommandError `ConfirmationNeeded` where nobody can be asked */
async function confirmed(
  previous: BackupState,
  retention: Retention,
  since: number | null,
  { json }: BackupEnabledOptions,
): Promise<boolean> {
  const { scope, name } = previous;
  const what = `It is ${stateText(previous)}. ${consequence(previous, retention, since)}`;
  if (!process.stdin.isTTY || json)
    throw new CommandError('ConfirmationNeeded', explain('ConfirmationNeeded', what));
  say(what);
  const interrupts = new Interrupts();
  try {
    return (await confirm(`Switch the backup of ${scope} ${name} off?`, interrupts)) ?? false;
  } finally {
    interrupts.dispose();
  }
}
