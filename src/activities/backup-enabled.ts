/** Activities about backups that are off: reading and changing at once, looking for them, warning. */
import { log } from '@temporalio/activity';
import { lookForOff, markWarned } from '../backup-enabled/guard';
import { OffRecord } from '../backup-enabled/record';
import { changeBackup, readBackupState, readRetention } from '../backup-enabled/state';
import { warningMail } from '../backup-enabled/warning';
import { openCarbonioHost } from '../carbonio/host';
import type { Config } from '../config';
import type {
  BackupEnabledGuardInput,
  BackupOff,
  BackupState,
  Retention,
  SetBackupEnabledInput,
} from '../contracts/backup-enabled';
import { createMailer } from '../mailer';
import { acting } from './beating';
import { hostLog } from './host-log';

type Named = Pick<SetBackupEnabledInput, 'scope' | 'name'>;

/** Before a change. */
export interface BackupEnabledLook {
  readonly state: BackupState;
  readonly retention: Retention;
  /** Epoch milliseconds; null: it is on, or nobody knows; absent from a worker of an earlier release. */
  readonly offSince?: number | null;
}

export interface BackupChange extends SetBackupEnabledInput {
  /** Since when it is off in the end, epoch milliseconds; absent: now. */
  readonly since?: number;
}

export interface GuardLook {
  readonly off: number;
  readonly due: number;
  readonly first: readonly BackupOff[];
  readonly record: string;
}

const SHOWN = 50;

export function createBackupEnabledActivities(config: Config) {
  const { cli } = openCarbonioHost(config.carbonio, config, hostLog(log));
  const record = new OffRecord(config.stateDir, config.host);
  const mailer = createMailer(config.mail);

  const look = (input: BackupEnabledGuardInput) =>
    acting((tell, signal) =>
      lookForOff(cli, record, input, (done, total) => tell(`${done}/${total} asked`), { signal }),
    );

  return {
    /** What holds now, and the retention. The workflow keeps it: after the change nobody could tell any more. */
    async readBackupEnabled({ scope, name }: Named): Promise<BackupEnabledLook> {
      return acting(async (_tell, signal) => {
        const state = await readBackupState(cli, scope, name, { signal });
        return { state, retention: await readRetention(cli, { signal }), offSince: record.since(state) };
      });
    },

    /** At once, and read again. Twice is the same as once. */
    async changeBackupEnabled({ scope, name, enabled, since }: BackupChange): Promise<BackupState> {
      return acting(async (_tell, signal) => {
        const now = await changeBackup(cli, scope, name, enabled, { signal });
        await record.note({ scope, name }, now.own === false, since ?? Date.now());
        return now;
      });
    },

    /** Asks the mail host, and remembers since when something is off. */
    async lookForBackupsOff({ input }: { input: BackupEnabledGuardInput }): Promise<GuardLook> {
      const { off } = await look(input);
      const due = off.filter((one) => one.due).length;
      return { off: off.length, due, first: off.slice(0, SHOWN), record: record.file };
    },

    /** Mails what is due, and remembers that, when the mail was taken. */
    async warnOfBackupsOff({ input }: { input: BackupEnabledGuardInput }): Promise<string> {
      // asked again: it is cheap only for what is known, and a mail must not tell what is over
      const { off, retention } = await look({ ...input, accounts: 'known' });
      const due = off.filter((one) => one.due);
      if (due.length === 0) return 'nothing is due any more';
      const mail = warningMail(config.host, due, retention);
      const { outcome } = await acting(() => mailer.send({ ...mail, to: input.notifications }));
      if (outcome.startsWith('sent')) await acting(() => markWarned(record, due, input.warnDays));
      return outcome;
    },
  };
}
