/** Fields about the engine of a restore. */
import { z } from 'zod';
import { setting } from './override';

/** Which engine restores, and why. */
export const engineChoice = z.object({ engine: z.enum(['direct', 'carbonio']), reason: z.string() });
export type EngineChoice = z.output<typeof engineChoice>;

/** A setting of the mail host that is to be otherwise while a restore works. */
export const pause = z.object({
  /** Of the journal of overrides. */
  slot: z.string(),
  key: z.string(),
  wanted: setting,
  deadlineSeconds: z.number(),
  /** As people call it. */
  what: z.string(),
  /** That it cannot be changed is only told. */
  optional: z.boolean(),
});
export type Pause = z.output<typeof pause>;

/** Those that are still so, and what there is to tell of the others. */
export const carriedPauses = z.object({ held: z.array(pause), notes: z.array(z.string()) });
export type CarriedPauses = z.output<typeof carriedPauses>;

const pauseMode = z.enum(['auto', 'always', 'never']).default('auto');

export const carbonioOptions = z
  .strictObject({
    batchAccounts: z
      .int()
      .min(1)
      .max(1000)
      .default(25)
      .describe('Accounts in one operation of the mail host, 1 to 1000. Default: 25'),
    largeAccountItems: z
      .int()
      .min(1)
      .default(20_000)
      .describe('An account with more items has an operation for itself. Default: 20000'),
    pollSeconds: z
      .number()
      .min(0.1)
      .max(600)
      .default(5)
      .describe('How often the mail host is asked how far it is, seconds. Default: 5'),
    settleSeconds: z
      .number()
      .min(1)
      .max(3600)
      .default(60)
      .describe(
        'So long after the end of a call an operation whose start was not answered may still appear on the mail host before it is started again, seconds. Default: 60',
      ),
    graceSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(15)
      .describe('So long the report of an operation that has ended may still come, seconds. Default: 15'),
    pauseScanner: pauseMode.describe(
      'Switch the Real Time Scanner of the mail host off meanwhile: auto when several domains are imported; always, and refuse when it cannot be; never. Default: auto',
    ),
    pauseSchedules: pauseMode.describe(
      'Switch the schedules of SmartScan and purge off meanwhile: auto when they can be; always, and refuse when they cannot; never. Default: auto',
    ),
    pauseDeadlineSeconds: z
      .number()
      .min(1)
      .max(30 * 86_400)
      .default(7 * 86_400)
      .describe(
        'After how long scanner and schedules go back though the restore is not done, seconds; it goes on. Default: 604800 (7 days)',
      ),
  })
  .prefault({})
  .describe('Of the engine carbonio.');
