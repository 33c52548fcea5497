/** The mails that tell administrators of a restore: subject, text, and which files go with them. */
import { open } from 'node:fs/promises';
import { counted, durationWords, printable, secondsBetween, utcTime, withoutPassword } from './format';
import type { ReportHead } from './model';
import { summaryText } from './summary';
import type { ReportFiles } from './write';

export const MAIL_EVENTS = [
  'Operation Started',
  'PHASE 1 Feedback',
  'Operation Ended',
  'Operation Interrupted',
] as const;
export type MailEvent = (typeof MAIL_EVENTS)[number];

export interface Mail {
  readonly event: MailEvent;
  readonly subject: string;
  readonly text: string;
  /** Paths of files that go with it. */
  readonly attachments: readonly string[];
}

/** What every mail says of its operation. */
export interface MailOperation {
  readonly operationId: string;
  readonly operation: ReportHead['operation'];
  /** Name of the machine whose worker does it. */
  readonly host: string;
  readonly sourcePath: string;
  /** Shown without the password that it may carry. */
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** Characters of report.txt that the mail of the end repeats; the rest is in the attached file. */
const TEXT_IN_MAIL = 32 * 1024;

export function startedMail(op: MailOperation): Mail {
  return mail('Operation Started', op.operation, 'started', op.sourcePath, [
    `${op.operation} has started.`,
    '',
    ...facts(op),
    '',
    'Another mail follows as soon as people can log in (PHASE 1), and one with the report at the end.',
  ]);
}

/**
 * Sent when accounts are there and can be used, before their items are.
 * @param provisioned null: the mail host has made them, and has not told how many
 */
export function phase1Mail(
  op: MailOperation,
  provisioned: NonNullable<ReportHead['provisioned']> | null,
  notes: readonly string[],
  itemsFollow: boolean,
): Mail {
  const shown = notes.slice(0, 50);
  return mail('PHASE 1 Feedback', op.operation, 'PHASE 1 done, accounts are ready', op.sourcePath, [
    'PHASE 1 is done: the accounts are in the target. People can log in, and new mail can be delivered.',
    itemsFollow
      ? 'Their earlier items are being restored now and appear little by little.'
      : 'No items are restored by this operation, as asked for; start a restore without provisioningOnly for them.',
    '',
    ...created(provisioned),
    ...(shown.length === 0 ? [] : ['', 'Notes:', ...shown.map((note) => `  * ${printable(note)}`)]),
    ...(notes.length > shown.length ? [`  … and ${notes.length - shown.length} more, in the report`] : []),
    '',
    ...facts(op),
  ]);
}

const created = (provisioned: NonNullable<ReportHead['provisioned']> | null): string[] =>
  provisioned === null
    ? ['What was created is in the feedback of the mail host.']
    : [
        'Created:',
        `  ${counted(provisioned.domains, 'domain')}`,
        `  ${counted(provisioned.coses, 'class of service', 'classes of service')}`,
        `  ${counted(provisioned.lists, 'distribution list')}`,
        `  ${counted(provisioned.accounts, 'account')}`,
        `  ${counted(provisioned.aliases, 'alias', 'aliases')}`,
        `Left as they were: ${provisioned.existing}`,
      ];

/** Sent when the operation stopped without an end of its own; `what` says by what, in one sentence. */
export function interruptedMail(op: MailOperation, what: string): Mail {
  return mail('Operation Interrupted', op.operation, 'interrupted', op.sourcePath, [
    `${op.operation} was interrupted: ${printable(what)}`,
    '',
    'Nothing is lost: what was restored stays, and nothing is restored twice. If it does not go on by itself,',
    'start the same restore again.',
    '',
    ...facts(op),
  ]);
}

/**
 * Sent at the end: the summary, and the report as administrators know it (its beginning, if it is long).
 *
 * @throws the error of the file system when report.txt cannot be read.
 */
export async function endedMail(host: string, head: ReportHead, files: ReportFiles): Promise<Mail> {
  const report = await beginning(files.text, TEXT_IN_MAIL);
  return {
    ...mail('Operation Ended', head.operation, head.status, head.source.path, [
      summaryText(head),
      `Report:   ${printable(files.dir)} on ${printable(host)}`,
      '',
      '----',
      '',
      report,
    ]),
    attachments: [files.text, files.html],
  };
}

function facts(op: MailOperation): string[] {
  return [
    `Operation Id: ${printable(op.operationId)}`,
    `Host:         ${printable(op.host)}`,
    `Source:       ${printable(op.sourcePath)}`,
    `Target:       ${printable(withoutPassword(op.target))}`,
    `Start Time:   ${printable(utcTime(op.startedAt))}`,
    ...since(op.startedAt),
  ];
}

function since(startedAt: string): string[] {
  const seconds = secondsBetween(startedAt, new Date().toISOString());
  return seconds < 1 || !Number.isFinite(seconds) ? [] : [`Running for:  ${durationWords(seconds)}`];
}

function mail(
  event: MailEvent,
  operation: string,
  state: string,
  sourcePath: string,
  lines: readonly string[],
): Mail {
  const subject = `Lifeboat: ${operation} ${state} (${printable(sourcePath)})`;
  return { event, subject: subject.slice(0, 300), text: `${lines.join('\n')}\n`, attachments: [] };
}

/** The first characters of a text file, cut at a line break where there is one, with a word on the rest. */
async function beginning(file: string, limit: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(limit, size)), 0, undefined, 0);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    if (size <= bytesRead) return text.trimEnd();
    const cut = text.lastIndexOf('\n');
    return `${text.slice(0, cut > 0 ? cut : undefined)}\n[…] The rest is in report.txt.`;
  } finally {
    await handle.close();
  }
}
