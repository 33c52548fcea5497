/**
 * Makes a clone ready: dependencies, the Temporal server, the build. Runs before anything is installed, so it uses
 * nothing but Node. Safe to run at any time; well under a second when there is nothing to do.
 *
 *   node scripts/setup.mjs [--quiet]
 */
import { prepare } from './lib/ground.mjs';
import { runScript, say, setQuiet, SetupError } from './lib/report.mjs';

await runScript(async () => {
  for (const option of process.argv.slice(2)) {
    if (option !== '--quiet')
      throw new SetupError(`Unknown option ${option}. Usage: npm run setup [-- --quiet]`);
    setQuiet(true);
  }
  await prepare();
  say('Ready. `npm run demo` shows a restore; `bin/lifeboat --help` shows the commands.');
});
