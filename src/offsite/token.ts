/**
 * What a sync leaves in the copy at its end, and on record here: only while both are the same, the copy is what the record
 * says. A backup.json does not tell: every copy of a server has the same.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const token = z.object({
  token: z.string().max(100),
  /** Start of the newest finished sync that left nothing out, ISO; null: none yet. */
  lastSuccess: z.iso.datetime().nullable(),
});
export type CopyToken = z.output<typeof token>;

export const newToken = (lastSuccess: string | null): CopyToken => ({ token: randomUUID(), lastSuccess });

/** Null: there is none, or none of ours. */
export function parseToken(text: string | null): CopyToken | null {
  if (text === null) return null;
  try {
    return token.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
