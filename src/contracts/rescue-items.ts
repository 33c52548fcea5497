/** Input, result and status of the workflow `rescueItems`. */
import { z } from 'zod';
import { absolutePath, heartbeatSeconds, text } from './fields';
import { reportField } from './retry-unrestored';

export const rescueItemsInput = z
  .strictObject({
    report: reportField.optional(),
    items: z
      .array(
        z.strictObject({
          account: text('an account').describe('Address or id. Example: "jane@example.com"'),
          items: z.array(z.int().min(1)).min(1).max(100_000).describe('Ids of items. Example: [856, 13339]'),
        }),
      )
      .max(1000)
      .default([])
      .describe(
        'The items to rescue, when they do not come from a report. Example: [{"account":"jane@example.com","items":[856]}]',
      ),
    sourcePath: absolutePath('the path', '/mnt/old')
      .optional()
      .describe('The Backup Path. Default: that of the report. Example: "/mnt/old"'),
    outputDir: absolutePath('the folder', '/srv/rescued')
      .optional()
      .describe(
        'Where the files are written; nothing in it is replaced. Default: a new folder in the state folder. Example: "/srv/rescued"',
      ),
    inject: z
      .boolean()
      .default(false)
      .describe('Bring what was rescued into the mailboxes too, into a folder Rescued. Default: false'),
    target: text('the target')
      .optional()
      .describe(
        'Where the mailboxes are, for inject. Default: that of the report, else LIFEBOAT_TARGET of the worker. Example: "maildir:/srv/mail"',
      ),
    advanced: z
      .strictObject({
        sliceSeconds: z
          .number()
          .min(0.01)
          .max(600)
          .default(30)
          .describe('Longest work unit, seconds. Default: 30'),
        heartbeatSeconds,
      })
      .prefault({})
      .describe('For tests and rare needs.'),
  })
  .refine(({ report, items }) => (report === undefined) !== (items.length === 0), {
    message: 'give either a report or items',
    path: ['report'],
  })
  .refine(({ report, sourcePath }) => report !== undefined || sourcePath !== undefined, {
    message: 'is needed when there is no report',
    path: ['sourcePath'],
  });
export type RescueItemsInput = z.output<typeof rescueItemsInput>;
export type RescueItemsRequest = z.input<typeof rescueItemsInput>;

export const rescueItemsExample: RescueItemsRequest = {
  sourcePath: '/mnt/old',
  items: [{ account: 'jane@example.com', items: [856, 13339] }],
};

export interface RescueCounts {
  /** The current state, proved by its digest. */
  intact: number;
  /** An earlier state, proved by its digest. */
  olderState: number;
  /** What is left of damaged content; nothing proves it. */
  salvaged: number;
  /** Nothing is left. */
  lost: number;
  /** Folders and other items that never had content: nothing to rescue. */
  noContent: number;
}

export interface RescueItemsStatus extends RescueCounts {
  phase: 'listing' | 'rescuing' | 'index' | 'injecting' | 'ended';
  items: number;
  done: number;
}

export interface RescueItemsResult extends RescueCounts {
  /** `completed`: every item is there, intact or in an earlier state, and injected if that was asked for. */
  status: 'completed' | 'partial';
  operationId: string;
  items: number;
  /** Folder of the files and of index.txt and index.json, on the worker's machine. */
  outputDir: string;
  /** What became of the injection; null when none was asked for, or there was nothing to inject. */
  injected: { restored: number; skipped: number; unrestored: number; reportDir: string } | null;
  /** Why it was not injected. */
  injectionFailure?: string;
}
