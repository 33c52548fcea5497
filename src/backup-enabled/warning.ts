/** The mail that warns of backups that are off. */
import { purgeDays, type BackupOff, type Retention } from '../contracts/backup-enabled';
import { counted, printable } from '../report/format';

const MOST_LINES = 200;

export function warningMail(host: string, due: readonly BackupOff[], retention: Retention) {
  const days = purgeDays(retention);
  const urgent = due.reduce((least, { daysLeft }) => Math.min(least, daysLeft ?? Infinity), Infinity);
  const when = !Number.isFinite(urgent)
    ? ''
    : urgent <= 0
      ? ', may be purged now'
      : `, first purge in ${counted(urgent, 'day')}`;
  const shown = due.slice(0, MOST_LINES);
  return {
    event: 'Backup Off',
    subject: `Lifeboat: ${counted(due.length, 'backup is', 'backups are')} off on ${printable(host)}${when}`,
    text: [
      `On the mail host ${printable(host)} these are not backed up. Their backups count as deleted` +
        (days === null
          ? '; the retention is without end, so nothing is purged.'
          : `, and are purged ${days} days after.`),
      '',
      ...shown.map(lineOf),
      ...(due.length > shown.length ? [`… and ${due.length - shown.length} more`] : []),
      '',
      'When it is meant, nothing is to be done. Else, before the day of the purge:',
      '  lifeboat backup-enabled unset account|cos NAME     (or: set … true)',
      'The days are counted from when Lifeboat saw it first, or switched it off: it may have been off before.',
      '',
    ].join('\n'),
  };
}

export function lineOf({ scope, name, offSince, purgeFrom, daysLeft }: BackupOff): string {
  const what = scope === 'cos' ? 'class of service' : 'account';
  const end =
    purgeFrom === null || daysLeft === null
      ? 'never purged'
      : daysLeft <= 0
        ? `may be purged since ${purgeFrom.slice(0, 10)}`
        : `purged from ${purgeFrom.slice(0, 10)} on, in ${counted(daysLeft, 'day')}`;
  return `  * ${what} ${printable(name)}: off since ${offSince.slice(0, 10)} at the latest, ${end}`;
}
