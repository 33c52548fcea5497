/**
 * Every check there is: `npm test`. With arguments only the tests, which jest takes them for:
 * `npm test -- test/mail`, `npm test -- -t "a name"`.
 */
import { join } from 'node:path';

import { prepare } from './lib/ground.mjs';
import { root } from './lib/paths.mjs';
import { runScript, say, warn } from './lib/report.mjs';
import { runNode } from './lib/run.mjs';
import { offerSystemTools } from './lib/system-tools.mjs';

function tool(name, args, env = process.env) {
  return runNode([join(root, 'node_modules', name), ...args], { env });
}

const STATIC_CHECKS = [
  ['Type check', 'typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['Lint', 'eslint/bin/eslint.js', ['.']],
  ['Format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
];

/** All are run, so that one run tells everything. Returns the names of those that failed. */
async function checkStatics() {
  const failed = [];
  for (const [name, program, args] of STATIC_CHECKS) {
    say(`${name} …`);
    if ((await tool(program, args)) !== 0) failed.push(name.toLowerCase());
  }
  return failed;
}

await runScript(async () => {
  const jestArguments = process.argv.slice(2);
  await prepare();
  const failed = jestArguments.length === 0 ? await checkStatics() : [];
  offerSystemTools();
  const code = await tool('jest/bin/jest.js', jestArguments, { ...process.env, LIFEBOAT_TEST_BUILT: '1' });
  if (failed.length > 0) warn(`Failed before the tests, see above: ${failed.join(', ')}.`);
  return code || (failed.length > 0 ? 1 : 0);
});
