/** Everything that must be there before anything of Lifeboat runs. Quick when it is. */
import { installDependencies } from './node-modules.mjs';
import { SetupError } from './report.mjs';
import { ensureTemporalCli } from './temporal-cli.mjs';

const LEAST_NODE = [20, 12];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: Lifeboat needs ${LEAST_NODE.join('.')} or newer. Install it and run this again.`,
  );
}

/** Node, the npm dependencies, the Temporal server and the build. */
export async function prepare() {
  checkNode();
  await installDependencies();
  ensureTemporalCli();
  // Only now: the build loads what npm has just installed.
  const { build } = await import('./build.mjs');
  await build();
}
