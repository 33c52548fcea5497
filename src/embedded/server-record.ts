/** The note in a state folder that says which embedded server serves it. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { Problem } from '../failures';
import { isAlive } from '../host/process-identity';

const ServerRecordSchema = z.object({
  process: z.object({ pid: z.number().int().positive(), startTime: z.string().min(1) }),
  address: z.string().min(1),
  uiUrl: z.url(),
  /** When it was started, ISO 8601. */
  startedAt: z.iso.datetime(),
});

export type ServerRecord = z.infer<typeof ServerRecordSchema>;

export function recordFile(stateDir: string): string {
  return join(stateDir, 'server.json');
}

/**
 * The embedded server that runs for this state folder, for those who only want to connect to what runs.
 *
 * @returns undefined when none was started or the one on record has ended. One that is returned may still be
 * starting, or hang.
 * @throws Problem `StateUnavailable` when the record cannot be read or is damaged.
 */
export function readServerRecord(stateDir: string): ServerRecord | undefined {
  const file = recordFile(stateDir);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Problem('StateUnavailable', `${file} cannot be read.`, {}, { cause: error });
  }
  const record = parse(file, text);
  return isAlive(record.process) ? record : undefined;
}

function parse(file: string, text: string): ServerRecord {
  try {
    return ServerRecordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Problem(
      'StateUnavailable',
      `${file} is not the record of a server; if none runs, remove it.`,
      {},
      { cause: error },
    );
  }
}

/** Replaces the record in one step; readable by its owner only. */
export function writeServerRecord(stateDir: string, record: ServerRecord): void {
  const file = recordFile(stateDir);
  const draft = `${file}.${process.pid}.new`;
  try {
    const fd = openSync(draft, 'w', 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify(record, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (error) {
    throw new Problem('StateUnavailable', `${file} cannot be written.`, {}, { cause: error });
  }
}

export function removeServerRecord(stateDir: string): void {
  rmSync(recordFile(stateDir), { force: true });
}
