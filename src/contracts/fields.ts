/** Fields that several inputs have. */
import { z } from 'zod';

export const text = (what: string) => z.string().trim().min(1, `${what} must not be empty`);

/** @param example an absolute path that is right */
export const absolutePath = (what: string, example: string) =>
  text(what).regex(/^\//, `must be an absolute path, such as ${example}`);

export const heartbeatSeconds = z
  .number()
  .min(1)
  .max(600)
  .default(8)
  .describe('After how long without a sign of life a worker counts as dead, seconds. Default: 8');

export const notifications = z
  .array(z.email('must be a mail address'))
  .max(100)
  .default([])
  .describe('Mail addresses that are told, beside those of the worker. Example: ["admin@example.com"]');

export const sample = z
  .number()
  .gt(0)
  .max(100)
  .nullable()
  .default(null)
  .describe(
    'Read only this part of the blobs, percent; of the others only that they are there. All metadata is read. Each run takes other blobs. Default: null (all). Example: 5',
  );
