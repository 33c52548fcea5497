/**
 * What an end of rsync means. Provoked with rsync 3.5.0 on both ends (docs/offsite.md has the table); a code that is
 * not in it is a failure.
 */
import { Problem } from '../failures';

export interface RsyncEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last lines, limited. */
  readonly stderr: string;
  /** We ended it. */
  readonly cancelled: boolean;
}

export type Verdict =
  | 'done'
  /** Files went away between list and transfer: as it should be with a live source. */
  | 'vanished'
  /** The line or the other side failed: goes on later. */
  | 'retry'
  /** Something could not be read or written: once more, then it is told. Deletions did not happen. */
  | 'incomplete'
  | 'no-space'
  | 'deletions-stopped'
  | 'cancelled'
  /** Trying again is of no use. */
  | 'refused';

const BY_CODE: Readonly<Record<number, Verdict>> = {
  0: 'done',
  10: 'retry',
  11: 'incomplete',
  12: 'retry',
  20: 'retry',
  23: 'incomplete',
  24: 'vanished',
  25: 'deletions-stopped',
  30: 'retry',
  35: 'retry',
  255: 'retry',
};

/** A push to a daemon ends with 0 all the same; only this tells. */
const STOPPED_DELETING = /^Deletions stopped due to --max-delete limit/m;
const NO_SPACE = /No space left on device|Disk quota exceeded/;
/**
 * ssh ends with 255 whatever happened; this will not pass by itself. rsync says 12 where it is quicker than the end of
 * ssh. What the file system denies has a number in the parentheses.
 */
const SSH_REFUSES =
  /Permission denied \([a-z]|Permission denied, |Host key verification failed|Too many authentication failures/;

export function verdictOf({ code, signal, stderr, cancelled }: RsyncEnd): Verdict {
  if (cancelled) return 'cancelled';
  // somebody else killed it: the system when memory was short, a person by mistake
  if (signal !== null || code === null) return 'retry';
  if ((code === 0 || code === 24) && STOPPED_DELETING.test(stderr)) return 'deletions-stopped';
  if ((code === 255 || code === 12) && SSH_REFUSES.test(stderr)) return 'refused';
  if ((code === 11 || code === 23) && NO_SPACE.test(stderr)) return 'no-space';
  return BY_CODE[code] ?? 'refused';
}

const TYPES = {
  retry: 'SyncInterrupted',
  incomplete: 'SyncIncomplete',
  'no-space': 'DestinationFull',
  'deletions-stopped': 'TooManyDeletions',
  refused: 'SyncRefused',
  cancelled: 'SyncInterrupted',
} as const;

/** Null when it ended well. @param what such as `Copying blobs` */
export function problemOf(what: string, end: RsyncEnd): Problem | null {
  const verdict = verdictOf(end);
  if (verdict === 'done' || verdict === 'vanished') return null;
  const how = end.signal === null ? `exit code ${end.code}` : `killed by ${end.signal}`;
  const said = lastLines(end.stderr);
  const message = `${what}: rsync ended early (${how})${said === '' ? '' : `: ${said}`}.`;
  return new Problem(TYPES[verdict], message, { code: end.code, signal: end.signal });
}

/** rsync's own summary stands last, the cause before it. */
function lastLines(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-4).join('; ').slice(-600).replace(/\.$/, '');
}
