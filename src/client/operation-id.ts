/** The id of a restore that the user did not name: the same restore has the same id, so that it is found again. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { ExternalRestoreInput } from '../contracts/external-restore';

/** Fields that do not change what is restored. */
const HOW: ReadonlySet<string> = new Set([
  'concurrentAccounts',
  'notifications',
  'advanced',
  'carbonio',
  'engineChoice',
  'turnOf',
  'turn',
  'carry',
]);

/**
 * `external-restore/<last part of the path>-<12 hex digits>`. The digits stand for what is restored, where to and by
 * which rules. How fast (lanes) and who is told of it do not make it another restore.
 *
 * @param defaultTarget what is restored to when the input names no target
 */
export function operationIdOf(input: ExternalRestoreInput, defaultTarget: string): string {
  const canonical = {
    ...input,
    sourcePath: realPath(input.sourcePath),
    target: input.target ?? defaultTarget,
    accounts: canonicalNames(input.accounts),
    domains: canonicalNames(input.domains),
  };
  return namedId('external-restore', input.sourcePath, canonical);
}

/** `<kind>/<last part of the path>-<12 hex digits of what is to be done>`. */
export function namedId(kind: string, path: string, input: object): string {
  const what = Object.entries(input).filter(([field]) => !HOW.has(field));
  const sorted = what.sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
  const name = basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, 40);
  return `${kind}/${name || 'root'}-${digest}`;
}

export function canonicalNames(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

/** One that is not on this machine, or not there at all, counts as it was written. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
