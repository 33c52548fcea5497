/** What Lifeboat keeps of a copy on the worker's machine: one folder a destination. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDestination, destinationText, type Destination } from '../contracts/destination';
import type { PlaceInput } from '../contracts/offsite';
import { Problem } from '../failures';
import { hashOf } from '../host/operation-dir';
import { safeName } from '../host/safe-name';
import type { Transport } from '../rsync/arguments';
import { realPathOf } from './real-path';

const record = z.object({
  destination: z.string(),
  sourcePath: z.string(),
  serverId: z.string(),
  /** Start of the newest finished sync, ISO; null: the copy that is there now is of an age that is not known. */
  lastSuccess: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime(),
  operationId: z.string(),
  files: z.number(),
  bytes: z.number(),
  deleted: z.number(),
  /** Start of the newest finished sync that deleted, ISO. */
  lastDelete: z.iso.datetime().nullable(),
  /** Purges of the mail host that had ended by then. */
  purges: z.array(z.string()).default([]),
  /** What that sync left in the copy (token.ts); null: an older Lifeboat left nothing. */
  token: z.string().nullable().default(null),
});
export type CopyRecord = z.output<typeof record>;

export const OFFSITE = 'offsite';

/** @throws Problem `InvalidInput` */
export function destinationOf(text: string): Destination {
  const parsed = parseDestination(text);
  if (typeof parsed === 'string') throw new Problem('InvalidInput', `The destination ${parsed}.`);
  return parsed;
}

export function transportOf(input: PlaceInput): Transport {
  const { passwordFile, ssh, bandwidthLimit, compress, timeoutSeconds, partialDir } = input;
  const destination = destinationOf(input.destination);
  return { destination, passwordFile, ssh, bandwidthLimit, compress, timeoutSeconds, partialDir };
}

export class CopyPlace {
  readonly name: string;
  readonly folder: string;
  readonly workDir: string;
  readonly recordFile: string;

  constructor(
    stateDir: string,
    readonly destination: Destination,
    /** A dry run has a work folder of its own: it may run beside a sync. */
    work: 'work' | 'dry-run' = 'work',
  ) {
    this.name = copyName(destination);
    this.folder = join(stateDir, OFFSITE, this.name);
    this.workDir = join(this.folder, work);
    this.recordFile = join(this.folder, 'record.json');
  }

  /** @throws Problem `StateUnavailable` */
  make(): void {
    try {
      mkdirSync(this.workDir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw stateProblem(`${this.workDir} cannot be made`, error);
    }
  }

  /** Null before the first finished sync. @throws Problem `StateUnavailable`, `CopyRecordDamaged` */
  record(): CopyRecord | null {
    return readRecord(this.recordFile);
  }
}

/** @throws Problem `StateUnavailable`, `CopyRecordDamaged` */
export function readRecord(file: string): CopyRecord | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw stateProblem(`${file} cannot be read`, error);
  }
  try {
    return record.parse(JSON.parse(text));
  } catch (error) {
    const what = `${file}, the record of the newest sync to a destination, is damaged.`;
    throw new Problem('CopyRecordDamaged', what, { file }, { cause: error });
  }
}

export function stateProblem(what: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Problem('StateUnavailable', `${what} (${code ?? message}).`, {}, { cause: error });
}

/** The same for each way of writing a destination. */
export function copyName(destination: Destination): string {
  const text = destination.kind === 'path' ? realPathOf(destination.path) : destinationText(destination);
  return `${safeName(text.replace(/^\//, '')).slice(-60)}-${hashOf(text).slice(0, 12)}`;
}
