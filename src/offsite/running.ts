/** Whether some rsync on this machine writes to a destination already, started by hand or left over. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { destinationText, parseDestination, type Destination } from '../contracts/destination';
import { Problem } from '../failures';
import { isWithin, realPathOf } from './real-path';

/** @throws Problem `SyncRunning` that names the processes. Those of users that we may not look at are not seen. */
export function guardRunning(destination: Destination): void {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => writesTo(pid, destination))
    .map(Number);
  if (pids.length === 0) return;
  const what = `rsync writes to ${destinationText(destination)} already (process ${pids.join(', ')}).`;
  throw new Problem('SyncRunning', what, { pids });
}

function writesTo(pid: string, destination: Destination): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    if (basename(words[0] ?? '') !== 'rsync') return false;
    const rest = words.slice(1);
    // it only reads there: its last word is where it writes to, also as the receiver behind a remote shell
    if (rest.includes('--sender') || rest.includes('--list-only') || rest.includes('--daemon')) return false;
    const last = rest.at(-1) ?? '';
    // a server told its paths by standard input, or one that only lists
    if (last === '' || last === '.' || last.startsWith('-')) return false;
    return overlaps(last, destination, () => readlinkSync(`/proc/${pid}/cwd`));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // it ended meanwhile, or is not ours to see
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return false;
    throw error;
  }
}

function overlaps(word: string, destination: Destination, cwd: () => string): boolean {
  const parsed = parseDestination(word);
  const remote = typeof parsed !== 'string' && parsed.kind !== 'path' ? destinationText(parsed) : null;
  if (destination.kind !== 'path') return remote !== null && either(remote, destinationText(destination));
  if (remote !== null || word.includes('::')) return false;
  const path = isAbsolute(word) ? word : resolve(cwd(), word);
  return either(realPathOf(path.replace(/(.)\/+$/, '$1')), realPathOf(destination.path));
}

const either = (a: string, b: string): boolean => isWithin(a, b) || isWithin(b, a);
