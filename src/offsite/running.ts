/** Whether some rsync on this machine writes to a destination already, started by hand or left over. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { destinationText, type Destination } from '../contracts/destination';
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
    return writesThere(words.slice(1), destination, () => readlinkSync(`/proc/${pid}/cwd`));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // it ended meanwhile, or is not ours to see
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return false;
    throw error;
  }
}

/** @param words the command line of an rsync, without its name */
export function writesThere(words: readonly string[], destination: Destination, cwd: () => string): boolean {
  const { options, dryRun, paths } = readWords(words);
  if (dryRun || ['--sender', '--list-only', '--daemon'].some((option) => options.includes(option)))
    return false;
  const port = options.find((option) => option.startsWith('--port='))?.slice('--port='.length) ?? '';
  // the first is where it reads; a server told its paths by standard input has no other
  return paths.slice(1).some((path) => overlaps(path, port, destination, cwd));
}

/** Options whose value may be the next word, in rsync 3.5. */
const VALUE_OPTIONS: ReadonlySet<string> = new Set(
  (
    'address backup-dir block-size bwlimit cc checksum-choice checksum-seed chmod chown compare-dest compress-choice ' +
    'compress-level config contimeout copy-as copy-dest debug early-input exclude exclude-from files-from filter groupmap ' +
    'iconv include include-from info link-dest log-file log-file-format max-alloc max-delete max-size min-size ' +
    'modify-window only-write-batch out-format outbuf partial-dir password-file port protocol read-batch remote-option ' +
    'rsh rsync-path skip-compress sockopts stderr stop-after stop-at suffix temp-dir time-limit timeout usermap ' +
    'write-batch zc zl'
  )
    .split(' ')
    .map((name) => `--${name}`),
);
const VALUE_LETTERS = 'efTBM@';

function readWords(words: readonly string[]): { options: string[]; dryRun: boolean; paths: string[] } {
  const [options, paths]: [string[], string[]] = [[], []];
  let dryRun = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') {
      paths.push(...words.slice(i + 1));
      break;
    } else if (word.startsWith('--')) {
      const value = VALUE_OPTIONS.has(word) ? `=${words[++i] ?? ''}` : '';
      options.push(word + value);
      dryRun ||= word === '--dry-run';
    } else if (word.startsWith('-') && word !== '-') {
      const at = [...word].findIndex((letter) => VALUE_LETTERS.includes(letter));
      // with nothing behind it, the value is the next word
      if (at === word.length - 1) i++;
      dryRun ||= (at < 0 ? word : word.slice(0, at)).includes('n');
    } else if (word !== '') paths.push(word);
  }
  return { options, dryRun, paths };
}

function overlaps(word: string, port: string, destination: Destination, cwd: () => string): boolean {
  const remote = remoteOf(word, port);
  if (destination.kind !== 'path') {
    const there = remoteOf(destinationText(destination), '');
    return remote !== null && there !== null && either(remote, there);
  }
  if (remote !== null) return false;
  const path = isAbsolute(word) ? word : resolve(cwd(), word);
  return either(realPathOf(path.replace(/(.)\/+$/, '$1')), realPathOf(destination.path));
}

const LOGIN = '(?:[^/@]*@)?(\\[[^\\]/]+\\]|[^/:[]+)';
const DAEMON_URL = new RegExp(`^rsync://${LOGIN}(?::([0-9]+))?/(.+)$`, 'i');
const MODULE = new RegExp(`^${LOGIN}::(.+)$`);
const SHELL = new RegExp(`^${LOGIN}:(/.*)$`);

/** One way of writing it for all: without the user, with the port. Null: a path of this machine, or not understood. */
function remoteOf(word: string, port: string): string | null {
  const text = word.replace(/(.)\/+$/, '$1');
  const [, urlHost, urlPort, urlPath] = DAEMON_URL.exec(text) ?? [];
  if (urlHost !== undefined) return `${urlHost.toLowerCase()}:${urlPort ?? (port || '873')}/${urlPath}`;
  const [, host, module] = MODULE.exec(text) ?? [];
  if (host !== undefined) return `${host.toLowerCase()}:${port || '873'}/${module}`;
  const [, login, path] = SHELL.exec(text) ?? [];
  return login === undefined ? null : `${login.toLowerCase()}:${path}`;
}

const either = (a: string, b: string): boolean => isWithin(a, b) || isWithin(b, a);
