/** The options of both programs, as far as they have them. */

export interface Options {
  file: string | null;
  path: boolean;
  edit: boolean;
  random: boolean;
  defaults: boolean;
  changed: boolean;
  info: boolean;
  expand: boolean;
  show: boolean;
  force: boolean;
  format: string;
  quiet: boolean;
  unset: boolean;
  reload: boolean;
  help: boolean;
  args: string[];
}

/** An option that the program does not have. */
export class BadOption extends Error {}

type Flag = Exclude<keyof Options, 'file' | 'format' | 'args'>;

const COMMON: Record<string, Flag | 'file' | 'format'> = {
  ...{ '-c': 'file', '--config': 'file', '-p': 'path', '--path': 'path', '-e': 'edit', '--edit': 'edit' },
  ...{ '-r': 'random', '--random': 'random', '-d': 'defaults', '--default': 'defaults' },
  ...{ '-n': 'changed', '--changed': 'changed', '-x': 'expand', '--expand': 'expand' },
  ...{ '-s': 'show', '--show': 'show', '-f': 'force', '--force': 'force', '-m': 'format' },
  ...{ '--format': 'format', '-q': 'quiet', '--quiet': 'quiet', '-u': 'unset', '--unset': 'unset' },
};
/** -h of the Go program: synthetic. Its -k (ignored here) has no meaning that is known. */
const OF_JAVA = {
  '-i': 'info',
  '--info': 'info',
  '-l': 'reload',
  '--reload': 'reload',
  '-h': 'help',
} as const;

/** @throws BadOption */
export function parseOptions(argv: readonly string[], variant: 'java' | 'go'): Options {
  const known: Record<string, Flag | 'file' | 'format'> = {
    ...COMMON,
    ...(variant === 'java' ? { ...OF_JAVA, '--help': 'help' } : { '-h': 'help', '--help': 'help' }),
  };
  const options: Options = {
    ...{ file: null, path: false, edit: false, random: false, defaults: false, changed: false, info: false },
    ...{ expand: false, show: false, force: false, format: 'plain', quiet: false, unset: false },
    ...{ reload: false, help: false, args: [] },
  };
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) {
      options.args.push(word);
      continue;
    }
    if (variant === 'go' && word === '-k') continue;
    const name = known[word];
    if (name === undefined) throw new BadOption(word);
    if (name === 'file' || name === 'format') {
      const value = argv[++at];
      if (value === undefined) throw new BadOption(word);
      options[name] = value;
    } else options[name] = true;
  }
  return options;
}
