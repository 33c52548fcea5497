/** The whole thing on an empty machine: set-up, then the demonstration. `npm run demo [-- options]`. */
import { join } from 'node:path';

import { prepare } from './lib/ground.mjs';
import { root } from './lib/paths.mjs';
import { runScript } from './lib/report.mjs';
import { runNode } from './lib/run.mjs';

await runScript(async () => {
  await prepare();
  return runNode([join(root, 'dist/embedded/demo'), ...process.argv.slice(2)]);
});
