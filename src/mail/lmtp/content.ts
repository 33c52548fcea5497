/** A message on its way through LMTP: as it goes over the wire, and how it is known again in a mailbox. */
import { createHash } from 'node:crypto';

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const [A_DOT, A_CR, CRLF] = [Buffer.from('.'), Buffer.from('\r'), Buffer.from('\r\n')];

/** Of more pieces one is made: each costs something, too. */
const MOST_PIECES = 64;

/**
 * The message between DATA and the final dot, in pieces: every line ends with CRLF, and one that begins with a dot has a
 * second one. A line end of another kind must not stay: servers disagree on whether a dot behind it ends the message, and
 * what follows would then be taken for commands.
 */
export function wireForm(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  const insert = (at: number, what: Buffer): void => {
    if (at > from) pieces.push(bytes.subarray(from, at));
    pieces.push(what);
    from = at;
  };
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === DOT) insert(at, A_DOT);
    const end = bytes.indexOf(LF, at);
    if (end < 0) {
      insert(bytes.length, CRLF);
      break;
    }
    if (end === at || bytes[end - 1] !== CR) insert(end, A_CR);
    at = end + 1;
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  return pieces.length > MOST_PIECES ? [Buffer.concat(pieces)] : pieces;
}

/** Whether a server that takes a lone CR for a line end would find the end of the message within it. */
export function endsTooSoon(bytes: Buffer): boolean {
  for (let at = bytes.indexOf('\r.'); at >= 0; at = bytes.indexOf('\r.', at + 2)) {
    // at the very end a line end is added
    if (at + 2 >= bytes.length || bytes[at + 2] === CR || bytes[at + 2] === LF) return true;
  }
  return false;
}

/** Fields that servers put before a message that they deliver. */
const TRACE = /^(return-path|delivered-to|received|x-original-to|envelope-to|delivery-date)[ \t]*:/i;

/**
 * By which a message is the same before and after its delivery: its content without CR and NUL (servers change both:
 * Dovecot makes one line end of CR CR LF, and 0x80 of NUL), ended by LF, and without the fields of {@link TRACE} at its
 * beginning.
 */
export function deliveredDigest(bytes: Buffer): string {
  const level = levelled(bytes);
  let at = 0;
  for (let next = traceEnd(level, 0); next !== null; next = traceEnd(level, at)) at = next;
  const hash = createHash('sha256').update(level.subarray(at));
  if (level.at(-1) !== LF) hash.update('\n');
  // never the same as a digest of the Backup Path
  return `delivered ${hash.digest('hex')}`;
}

function levelled(bytes: Buffer): Buffer {
  if (!bytes.includes(CR) && !bytes.includes(0)) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let from = 0;
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, from)) {
    length += bytes.copy(out, length, from, at);
    from = at + 1;
  }
  length += bytes.copy(out, length, from);
  const level = out.subarray(0, length);
  for (let at = level.indexOf(0); at >= 0; at = level.indexOf(0, at)) level[at] = 0x80;
  return level;
}

/** Where the field that begins at `from` ends, if it is one of {@link TRACE}. */
function traceEnd(bytes: Buffer, from: number): number | null {
  if (!TRACE.test(bytes.toString('latin1', from, from + 40))) return null;
  for (let at = from; ;) {
    const end = bytes.indexOf(LF, at);
    if (end < 0) return bytes.length;
    at = end + 1;
    if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return at;
  }
}
