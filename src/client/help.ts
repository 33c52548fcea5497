/** The parts of `lifeboat --help` beside the list of commands. */
import { describeEnvironment } from '../config';
import { EXIT_MEANINGS } from './exit-codes';

const INDENT = '  ';

export const INTRODUCTION =
  'Brings a Carbonio mail server back after a disaster.\n\n' +
  "Lifeboat reads a Backup Path (the folder in which Carbonio's Backup module keeps its copies) and restores it item " +
  'by item into mailboxes. A restore is a durable Temporal workflow: kill the command, the worker, the server or the ' +
  'machine, run the same command again, and it goes on where it was. Nothing is restored twice, and nothing in the ' +
  'target is deleted or changed.';

export function afterHelp(width: number): string {
  return [firstSteps(width), exitCodes(), environment(width), honesty(width)].join('\n\n');
}

const STEPS: readonly (readonly [command: string, what: string])[] = [
  [
    'lifeboat restore /mnt/old --target maildir:/srv/mail --embedded',
    'restores without any server: it brings its own, on free ports of this machine',
  ],
  [
    'lifeboat verify /mnt/old --embedded',
    'reads a Backup Path and tells what could not be restored, and what to do about it',
  ],
  ['lifeboat dev', 'keeps a server with its web interface and a worker running, until Ctrl-C'],
  [
    'lifeboat queue',
    'shows what works and what waits: one operation at a time on a mail host, in the order of their start',
  ],
  ['lifeboat status', 'shows what runs and what ended; works from another terminal too'],
];

function firstSteps(width: number): string {
  const production =
    'In production, with a Temporal server of your own: set TEMPORAL_ADDRESS, run `lifeboat worker` on the mail host, ' +
    'and start restores with `lifeboat restore` or in the web interface (`lifeboat example externalRestore` prints an ' +
    'input). A command finds its server by TEMPORAL_ADDRESS or a profile of Temporal, else in the state folder, else ' +
    'at 127.0.0.1:7233.';
  const steps = STEPS.map(([command, what]) => `${INDENT}${command}\n${wrap(what, 6, width)}`);
  return ['First steps:', ...steps, '', wrap(production, 0, width)].join('\n');
}

function exitCodes(): string {
  const lines = EXIT_MEANINGS.map(([code, meaning]) => `${INDENT}${String(code).padStart(3)}  ${meaning}`);
  return ['Exit codes:', ...lines].join('\n');
}

function environment(width: number): string {
  const entries = [
    ...describeEnvironment(),
    {
      name: 'LIFEBOAT_DEBUG',
      description: '1 shows where in the program an error came from. Default: not shown',
    },
    {
      name: 'TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, ...',
      description: "Temporal's own, for its server, TLS and keys",
    },
    {
      name: 'TEMPORAL_CLI_PATH',
      description: 'The program that serves as embedded server. Default: temporal',
    },
  ];
  const lines = entries.map(({ name, description }) => `${INDENT}${name}\n${wrap(description, 6, width)}`);
  return ['Environment:', ...lines].join('\n');
}

function honesty(width: number): string {
  const text =
    'To be honest: Lifeboat was made from public documentation and tried on Backup Paths in a layout of its own ' +
    '("lifeboat-1"), never on a real Carbonio with its Backup module. It refuses a Backup Path whose layout it does ' +
    'not know rather than guess.';
  return wrap(text, 0, width);
}

/** Lines of at most `width` columns, each indented. */
export function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => ' '.repeat(indent) + one).join('\n');
}
