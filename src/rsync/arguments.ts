/** The arguments of rsync. Every run of it is put together here; no shell ever reads them. */
import { destinationText, type Destination } from '../contracts/destination';

/** How the other side is reached, and what may be used of the line. */
export interface Transport {
  readonly destination: Destination;
  /** File that holds the daemon's password, alone. rsync reads it; it never passes through here. */
  readonly passwordFile: string | null;
  readonly ssh: {
    readonly keyFile: string | null;
    readonly knownHostsFile: string | null;
    readonly port: number | null;
  };
  /** Nothing heard for so long ends the run (exit code 30), seconds. */
  readonly timeoutSeconds: number;
  /** KiB a second; null: no limit. */
  readonly bandwidthLimit: number | null;
  readonly compress: boolean;
  /** Name of the folders for partial files, beside their targets: never a short blob under its final name. */
  readonly partialDir: string;
}

/** Which names a run looks at. */
export type Scope = 'all' | 'metadata' | 'blobs';

export interface Run {
  readonly from: string;
  readonly to: string;
  readonly scope?: Scope;
  readonly dryRun?: boolean;
  /** Compares content, not size and time. */
  readonly checksum?: boolean;
  /** Lists (in a dry run) or makes the deletions of what the source does not have. */
  readonly delete?: boolean;
  /** Transfers nothing: only deletions. */
  readonly nothingNew?: boolean;
  readonly maxDelete?: number;
  /** File with the names, each ended by NUL, relative to `from`; folders are then not walked into. */
  readonly filesFrom?: string;
  /** Rules that come before those of the scope, such as `--include=/server`. */
  readonly rules?: readonly string[];
  /** Folders named in `filesFrom` with what is in them. */
  readonly recursive?: boolean;
  /** Of the names in `filesFrom`, those that the source does not have are deleted from the destination. */
  readonly deleteMissing?: boolean;
  /** Names in `filesFrom` that are not there are passed over. */
  readonly ignoreMissing?: boolean;
  /** Writes files under their final names: only where nobody looks for them yet. */
  readonly inPlace?: boolean;
  /** Lists everything before it begins, some 150 bytes a name on both sides: quicker where folders are many and small. */
  readonly listFirst?: boolean;
  /** Keeps no part of a file that is on its way when the run is stopped: what is sent is small. */
  readonly small?: boolean;
  /** One line a change on standard output (output.ts). */
  readonly itemize?: boolean;
  readonly progress?: boolean;
  /** Owners and groups too: only root can keep them. Default: whether this is root. */
  readonly owners?: boolean;
}

export function runArguments(transport: Transport, run: Run): string[] {
  const { scope = 'all', owners = process.getuid?.() === 0 } = run;
  const on = (condition: unknown, ...args: string[]): string[] => (condition ? args : []);
  return [
    // devices and the like have no place in a Backup Path, and one from a hostile store none in its copy
    ...['-a', '--no-D', '--no-h', '--stats', `--outbuf=${run.dryRun ? 'B' : 'L'}`],
    ...on(!owners, '--no-o', '--no-g'),
    ...lineArguments(transport),
    ...on(run.dryRun, '-n'),
    ...on(run.checksum, '-c'),
    // --delete alone would wait for each deletion's acknowledgement of a daemon: three times as long
    ...on(run.delete, '--delete-delay'),
    ...on(run.nothingNew, '--existing', '--ignore-existing'),
    ...on(run.maxDelete !== undefined, `--max-delete=${run.maxDelete}`),
    ...on(run.filesFrom !== undefined, '--from0', `--files-from=${run.filesFrom}`),
    ...on(run.recursive, '-r'),
    ...on(run.deleteMissing, '--delete-missing-args', '--no-implied-dirs'),
    ...on(run.ignoreMissing, '--ignore-missing-args'),
    ...on(run.itemize, '-i', '--out-format=%i|%l|%n'),
    ...on(run.inPlace, '--inplace'),
    ...on(run.listFirst, '--no-inc-recursive'),
    ...on(run.progress, '--info=progress2'),
    // where something is deleted, partial files that nobody goes on with are deleted too; looking for one costs a third
    // of a run in which nothing has changed
    ...on(
      !run.delete && !run.deleteMissing && !run.dryRun && !run.small,
      `--partial-dir=${transport.partialDir}`,
    ),
    ...(run.rules ?? []),
    ...filters(scope, transport.partialDir),
    '--',
    run.from,
    run.to,
  ];
}

/** What is at the destination, one level. */
export const listArguments = (transport: Transport, below = '', deep = false): string[] => [
  ...['--list-only', '--no-h', '--outbuf=L'],
  ...(deep ? ['-r'] : []),
  ...lineArguments(transport),
  '--',
  remotePath(transport, below),
];

/** A path at the destination. An empty one is the copy itself. */
export const remotePath = ({ destination }: Pick<Transport, 'destination'>, below = ''): string =>
  `${destinationText(destination)}/${below}`;

/** Folder of the two files that tell whether names that differ in case are two. */
export const PROBE = '.lifeboat-probe';

/** Folder of metadata that are not in their places yet, of a first copy (offsite/holding.ts). */
export const HOLDING = '.lifeboat-incoming';

/** In a folder that a copy was fetched to: from where. It is none of the copy. */
export const FETCHED = '.lifeboat-fetch.json';

/** In a copy: which sync was the newest that ended (token.ts). Each copy has its own: never copied, never deleted. */
export const TOKEN = '.lifeboat-copy.json';

/** Names of ours beside the content. */
export const OURS: ReadonlySet<string> = new Set([PROBE, HOLDING, FETCHED, TOKEN]);

/** Hidden from the sender, not protected at the receiver: never copied, and removed where something is deleted. */
const HIDDEN = ['.*.tmp', `/${PROBE}`, `/${HOLDING}`, `/${FETCHED}`];

function filters(scope: Scope, partialDir: string): string[] {
  const rules = [
    ...[...HIDDEN, partialDir].map((name) => `--filter=H ${name}`),
    '--exclude=/lost+found',
    `--exclude=/${TOKEN}`,
  ];
  if (scope === 'metadata') return [...rules, '--exclude=/items'];
  if (scope === 'blobs') return [...rules, '--include=/items', '--include=/items/**', '--exclude=*'];
  return rules;
}

function lineArguments({ destination, ...line }: Transport): string[] {
  const args = [`--timeout=${line.timeoutSeconds}`];
  if (line.bandwidthLimit !== null) args.push(`--bwlimit=${line.bandwidthLimit}`);
  if (line.compress) args.push('-z');
  if (destination.kind === 'daemon') {
    args.push('-s', `--contimeout=${line.timeoutSeconds}`);
    if (line.passwordFile !== null) args.push(`--password-file=${line.passwordFile}`);
  }
  if (destination.kind === 'ssh') args.push('-s', '-e', remoteShell(line.ssh));
  return args;
}

/** rsync splits it at spaces; the contract lets no space or quote into the file names. */
function remoteShell({ keyFile, knownHostsFile, port }: Transport['ssh']): string {
  return [
    ...['ssh', '-oBatchMode=yes', '-oStrictHostKeyChecking=yes', '-oConnectTimeout=30'],
    // one that hangs is noticed by rsync's own timeout too, but not while it connects
    ...['-oServerAliveInterval=15', '-oServerAliveCountMax=4'],
    ...(keyFile === null ? [] : ['-oIdentitiesOnly=yes', '-i', keyFile]),
    ...(knownHostsFile === null ? [] : [`-oUserKnownHostsFile=${knownHostsFile}`]),
    ...(port === null ? [] : ['-p', String(port)]),
  ].join(' ');
}
