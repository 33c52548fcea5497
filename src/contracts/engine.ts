/** Fields about the engine of a restore. */
import { z } from 'zod';

/** Which engine restores, and why. */
export const engineChoice = z.object({ engine: z.enum(['direct', 'carbonio']), reason: z.string() });
export type EngineChoice = z.output<typeof engineChoice>;

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
        'So long an operation whose start was not answered may still appear on the mail host before it is started again, seconds. Default: 60',
      ),
    graceSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(15)
      .describe('So long the report of an operation that has ended may still come, seconds. Default: 15'),
  })
  .prefault({})
  .describe('Of the engine carbonio.');
