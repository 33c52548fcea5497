/** What the steps that read a copy work with. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../failures';
import { destinationText } from '../contracts/destination';
import type { PlaceInput } from '../contracts/offsite';
import { remotePath, type Transport } from '../rsync/arguments';
import { OtherSideLook } from './other-side';
import { CopyPlace, destinationOf, stateProblem, transportOf } from './place';
import { sync, type StepHooks } from './sync-context';

export interface CopyContext extends StepHooks {
  readonly place: CopyPlace;
  readonly transport: Transport;
  /** Of this operation, for what is fetched to be looked at. */
  readonly workDir: string;
}

export function openCopy(
  stateDir: string,
  input: PlaceInput,
  workDir: string,
  hooks: StepHooks,
): CopyContext {
  const place = new CopyPlace(stateDir, destinationOf(input.destination));
  try {
    mkdirSync(workDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw stateProblem(`${workDir} cannot be made`, error);
  }
  return { ...hooks, place, transport: transportOf(input), workDir };
}

/** Answers the content of its backup.json. @throws Problem `CopyNotFound` */
export async function requireCopy({ transport, workDir, signal }: CopyContext): Promise<string> {
  const { marker } = await new OtherSideLook(transport, workDir, signal).look();
  if (marker !== null) return marker;
  throw new Problem(
    'CopyNotFound',
    `There is no copy (no backup.json) at ${destinationText(transport.destination)}.`,
  );
}

export const MIRROR = 'mirror';

/** Brings the metadata of a copy here, all but the blobs; again, only what has changed. Answers the folder. */
export async function mirrorMetadata(context: CopyContext, rules: readonly string[] = []): Promise<string> {
  const mirror = join(context.workDir, MIRROR);
  mkdirSync(mirror, { recursive: true, mode: 0o700 });
  await sync(
    context,
    {
      ...{ from: remotePath(context.transport), to: `${mirror}/`, scope: 'metadata', owners: false },
      ...{ rules, delete: true, progress: true },
    },
    { what: 'fetching metadata' },
  );
  return mirror;
}
