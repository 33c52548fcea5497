/** Reads a report.json back: what was not restored, and between which places. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { isAccountId } from '../backup-path/layout';
import { ON_INVALID } from '../contracts/restore-invalid-items';
import { Problem } from '../failures';
import { findReport } from './find-report';
import { ITEM_CLASSES, PROVISION_RULES } from './model';

/** Larger ones would not fit the memory of a worker. Bytes. */
const LARGEST = 256 * 1024 * 1024;

/** Also what is no id: a metadata file with more digits is listed under its name. Digits lead nowhere in a path. */
const itemNumber = z.int().min(0).max(999_999_999_999_999);

const reportJson = z.object({
  operationId: z.string(),
  operation: z.string().optional(),
  source: z.object({ path: z.string(), serverId: z.string() }),
  target: z.object({ url: z.string() }),
  engine: z.object({ name: z.string() }).optional(),
  options: z
    .object({
      target: z.string().optional(),
      date: z.string().optional(),
      filterDeleted: z.boolean(),
      maxFileSize: z.number().nullable(),
      onInvalid: z.enum(ON_INVALID),
      provisioning: z.partialRecord(z.enum(PROVISION_RULES), z.boolean()).optional(),
    })
    .optional(),
  accounts: z.record(
    z.string(),
    z.object({
      // a report may come from anywhere, and these become paths; 0 stands for a folder that could not be listed
      id: z.string().refine(isAccountId),
      unrestored: z.array(
        z.object({ item: itemNumber, class: z.enum(ITEM_CLASSES), reason: z.string().optional() }),
      ),
    }),
  ),
});
export type UnrestoredReport = z.output<typeof reportJson>;

/** Stands for the server of a store that only the mail host can read. */
export const NOT_KNOWN = 'not known';

/** The mail host itself had restored. */
export const isOfHost = ({ engine }: UnrestoredReport): boolean => engine?.name === 'carbonio';

/**
 * @param report absolute path of a report.json or of its folder, or the id of an operation whose report is in the state
 * folder
 * @throws Problem `InvalidInput` when there is no such report, or it is damaged
 */
export function readUnrestored(stateDir: string, report: string): UnrestoredReport {
  const place = isAbsolute(report) ? report : findReport(stateDir, report);
  if (place === null) throw wrong(`There is no report of an operation ${report} in ${stateDir}.`);
  try {
    const path = statSync(place).isDirectory() ? join(place, 'report.json') : place;
    const { size } = statSync(path);
    if (size > LARGEST)
      throw wrong(`The report ${path} is too large (${size} bytes): name its items in parts.`);
    return reportJson.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof Problem) throw error;
    const cause = (error as NodeJS.ErrnoException).code ?? 'it is damaged';
    throw wrong(`The report ${place} cannot be read (${cause}).`, error);
  }
}

const wrong = (message: string, cause?: unknown): Problem =>
  new Problem('InvalidInput', message, { field: 'report' }, { cause });
