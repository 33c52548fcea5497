import { resolve } from 'node:path';
import { Problem } from '../../failures';

export interface MaildirOptions {
  /** Absolute, without `.` and doubled slashes. */
  readonly directory: string;
  /** Longest line in bytes that a message may have (Carbonio's validator rule); null for any. */
  readonly maxLineLength: number | null;
}

const EXAMPLE = 'A valid target: maildir:/srv/mail, or maildir:/srv/mail?maxLineLength=10240';

/**
 * Reads what follows `maildir:`, an absolute path and options.
 *
 * @throws Problem InvalidInput naming what is wrong
 */
export function parseMaildirOptions(rest: string): MaildirOptions {
  const question = rest.indexOf('?');
  const directory = question === -1 ? rest : rest.slice(0, question);
  if (!directory.startsWith('/')) throw wrong(`the path "${directory}" is not absolute`);
  if (directory.startsWith('//'))
    throw wrong(`the path "${directory}" names a host; only local folders can be used`);
  if (/^\/+$/.test(directory)) throw wrong('the root of the file system cannot hold mailboxes');
  // Either would break the lines of a passwd-file.
  if (/[:\p{Cc}]/u.test(directory)) throw wrong('the path has a colon or a control character');
  if (directory.split('/').includes('..')) throw wrong(`the path "${directory}" has a ".." in it`);
  return { directory: resolve(directory), ...readOptions(question === -1 ? null : rest.slice(question + 1)) };
}

function readOptions(query: string | null): Pick<MaildirOptions, 'maxLineLength'> {
  let maxLineLength: number | null = null;
  for (const option of query === null ? [] : query.split('&')) {
    const [name, value, ...more] = option.split('=');
    if (name !== 'maxLineLength') throw wrong(`the option "${name}" is unknown; there is only maxLineLength`);
    if (maxLineLength !== null) throw wrong('the option maxLineLength is there twice');
    if (value === undefined || more.length > 0 || !/^[1-9]\d{0,8}$/.test(value)) {
      throw wrong(
        `the option maxLineLength must be a whole number of bytes, not "${[value ?? '', ...more].join('=')}"`,
      );
    }
    maxLineLength = Number(value);
  }
  return { maxLineLength };
}

function wrong(what: string): Problem {
  return new Problem('InvalidInput', `The target is not right: ${what}. ${EXAMPLE}.`, { field: 'target' });
}
