/** Removing trees of ours: what was kept aside, what a first copy held. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HOLDING } from '../rsync/arguments';
import { stateProblem, type CopyPlace } from './place';

const run = promisify(execFile);

/** Several times as fast as Node's own, and leaves the loop free. @throws Problem `StateUnavailable` */
export async function removeTree(path: string): Promise<void> {
  try {
    await run('rm', ['-rf', '--one-file-system', '--', path]);
  } catch (error) {
    throw stateProblem(`${path} cannot be removed`, error);
  }
}

/** Of a first copy to a folder (holding.ts). */
export function holdingOf({ destination }: CopyPlace): string {
  if (destination.kind !== 'path') throw new Error('only a folder holds metadata');
  return join(destination.path, HOLDING);
}

/** What a first copy that was stopped left. */
export async function clearHolding(place: CopyPlace): Promise<void> {
  if (place.destination.kind === 'path' && existsSync(holdingOf(place))) await removeTree(holdingOf(place));
}
