/** Activities about backups that are off: reading and changing at once, looking for them, warning. */
import { cancellationSignal, log } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
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
import { beating } from './beating';
import { toFailure } from './failure';

type Named = Pick<SetBackupEnabledInput, 'scope' | 'name'>;

export interface GuardLook {
  readonly off: number;
  readonly due: number;
  readonly first: readonly BackupOff[];
  readonly record: string;
}

const SHOWN = 50;

export function createBackupEnabledActivities(config: Config) {
  const { cli } = openCarbonioHost(config.carbonio, config, {
    debug: (fields, message) => void log.debug(message, { ...fields }),
    warn: (fields, message) => void log.warn(message, { ...fields }),
  });
  const record = new OffRecord(config.stateDir, config.host);
  const { url, from, admins } = config.mail;
  const mailer = createMailer({ url, from, admins: [...admins] });

  const asking = <T>(body: (tell: (what: string) => void, signal: AbortSignal) => Promise<T>): Promise<T> =>
    beating<string, T>(async (tell) => {
      try {
        return await body(tell, cancellationSignal());
      } catch (error) {
        if (cancellationSignal().aborted) throw new CancelledFailure('cancelled');
        throw toFailure(error);
      }
    });
  const look = (input: BackupEnabledGuardInput) =>
    asking((tell, signal) =>
      lookForOff(cli, record, input, (done, total) => tell(`${done}/${total} asked`), { signal }),
    );

  return {
    /** What holds now, and the retention. The workflow keeps it: after the change nobody could tell any more. */
    async readBackupEnabled({ scope, name }: Named): Promise<{ state: BackupState; retention: Retention }> {
      return asking(async (_tell, signal) => ({
        state: await readBackupState(cli, scope, name, { signal }),
        retention: await readRetention(cli, { signal }),
      }));
    },

    /** At once, and read again. Twice is the same as once. */
    async changeBackupEnabled({ scope, name, enabled }: SetBackupEnabledInput): Promise<BackupState> {
      return asking(async (_tell, signal) => {
        const now = await changeBackup(cli, scope, name, enabled, { signal });
        await record.note({ scope, name }, now.own === false, Date.now());
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
      const { outcome } = await asking(() => mailer.send({ ...mail, to: input.notifications }));
      if (outcome.startsWith('sent')) await asking(() => markWarned(record, due, input.warnDays));
      return outcome;
    },
  };
}
