#!/usr/bin/env node
/** `carbonio` of a stand-in host: asks its daemon, which does everything. */
import { ask, type Part } from '../wire';
import { invocation } from './arguments';

async function main(): Promise<number> {
  const invoked = invocation(process.argv.slice(2));
  if (invoked === null || ['--help', '-h', 'help'].includes(invoked.argv[0] ?? '')) {
    const { HELP } = await import('../help.js');
    process.stdout.write(HELP);
    return invoked === null ? 1 : 0;
  }
  const question = { ask: 'carbonio', argv: invoked.argv, uid: invoked.uid, cwd: process.cwd() } as const;
  const code = await ask(invoked.dir, question, (part: Part) => {
    if ('out' in part) process.stdout.write(part.out);
    if ('err' in part) process.stderr.write(part.err);
  });
  if (code !== null) return code;
  // the words are documented (a script of the vendor looks for them), the exit code is not
  process.stdout.write('Unable to communicate with server\n');
  return 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    process.stderr.write(`carbonio (stand-in): ${error.message}\n`);
    process.exitCode = 1;
  },
);
