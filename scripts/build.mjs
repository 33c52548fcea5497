/** Compiles src/ to dist/ and makes the workflow bundle, when something has changed: `npm run build`. */
import { build } from './lib/build.mjs';
import { runScript } from './lib/report.mjs';

await runScript(build);
