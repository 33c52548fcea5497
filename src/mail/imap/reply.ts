/** How a server answered a command. */
import { Problem } from '../../failures';
import type { Value } from './wire';

export interface Reply {
  readonly status: 'OK' | 'NO' | 'BAD';
  /** Response code in upper case with its arguments, as `APPENDUID 1 2`; empty when there is none. */
  readonly code: string;
  readonly text: string;
  readonly untagged: readonly (readonly Value[])[];
}

/** A command that is not answered yet. */
export interface Pending {
  readonly tag: string;
  readonly untagged: Value[][];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** The line that answers the command `tag`; null when it is none. */
export function taggedReply(line: string): (Omit<Reply, 'untagged'> & { tag: string }) | null {
  const match = /^(\S+) (OK|NO|BAD)(?: \[([^\]]*)\])? ?(.*)$/i.exec(line);
  if (match === null) return null;
  const [, tag = '', status = '', code = '', text = ''] = match;
  return { tag, status: status.toUpperCase() as Reply['status'], code: code.toUpperCase(), text };
}

/** What a server says, for people: one line, not too long. */
export const clean = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[.\s]+$/, '')
    .slice(0, 300);

/** Whether the server says that it may be otherwise later (RFC 5530). */
export const isPassing = ({ code }: Pick<Reply, 'code'>): boolean =>
  /^(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b/.test(code);

/** @param mailbox whose it is: what passes is the trouble of this one until others have it too */
export function loginRefused(place: string, user: string, mailbox: string, reply: Reply): Problem {
  const what = `${place} refuses the login of ${user}: ${clean(reply.text)}.`;
  if (isPassing(reply)) return new Problem('TargetUnavailable', what, { user, mailbox });
  return new Problem('LoginRefused', what, { user });
}
