/** Set-up, then the measurements: `npm run bench [-- options]`. */
import { join } from 'node:path';

import { prepare } from './lib/ground.mjs';
import { root } from './lib/paths.mjs';
import { runScript } from './lib/report.mjs';
import { runNode } from './lib/run.mjs';

await runScript(async () => {
  await prepare();
  return runNode([join(root, 'bench/run.mjs'), ...process.argv.slice(2)]);
});
