#!/usr/bin/env node
/** `zmlocalconfig` of a stand-in host, Java or Go as its settings say. */
import { Faults } from '../faults';
import { zmlocalconfig } from '../localconfig/program';
import { placesOf, readSettings } from '../settings';
import { ask } from '../wire';
import { invocation } from './arguments';

async function main(): Promise<number> {
  const invoked = invocation(process.argv.slice(2));
  if (invoked === null) throw new Error('usage: zmlocalconfig --stand-in DIR [--as UID] …');
  const { dir, uid, argv } = invoked;
  const { variant, zextrasUid } = readSettings(dir);
  const reload = async (): Promise<string | null> => {
    let why = '';
    const code = await ask(dir, { ask: 'reload', argv: [], uid, cwd: dir }, (part) => {
      if ('err' in part) why += part.err;
    });
    if (code === null) return "'mailbox' service is not running";
    return code === 0 ? null : why.trim();
  };
  await new Faults(placesOf(dir).faults).late(`zmlocalconfig ${optionOf(argv)}`);
  // a stand-in whose zextras is root: then root is not refused
  const asRoot = uid === 0 && zextrasUid !== 0;
  const output = await zmlocalconfig(argv, { variant, asRoot, file: placesOf(dir).localconfig, reload });
  process.stdout.write(output.stdout);
  process.stderr.write(output.stderr);
  return output.code;
}

/** The option that says what is done: the first after the file. */
function optionOf(argv: readonly string[]): string {
  const words = argv[0] === '-c' ? argv.slice(2) : argv;
  return words.find((word) => word.startsWith('-')) ?? '';
}

main().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    process.stderr.write(`zmlocalconfig (stand-in): ${error.message}\n`);
    process.exitCode = 1;
  },
);
