/** Inputs, messages and results of the workflows around overrides. */
import { z } from 'zod';
import { turnOwner } from './operation-queue';

/** The value of a setting. Not set is not the same as set to the default: it is put back as it was. */
export const setting = z.discriminatedUnion('set', [
  z.strictObject({ set: z.literal(true), value: z.string() }),
  z.strictObject({ set: z.literal(false) }),
]);
export type Setting = z.output<typeof setting>;

/** As people read it: `true`, or `not set`. */
export const settingText = (one: Setting): string => (one.set ? one.value : 'not set');

/** Slot of the Backup Path of the mail host in the journal. */
export const PATH_SLOT = 'backup-path';

/** The LMTP validator of the mail server: two keys of its local configuration, one change at a time. */
export const VALIDATOR_SLOT = 'lmtp-validator';
export const VALIDATE_KEY = 'zimbra_lmtp_validate_messages';
export const LINE_LENGTH_KEY = 'zimbra_lmtp_max_line_length';

/** With `lineLimit` bytes it is raised, which is the gentler choice; without, the validator is switched off. */
export const validatorChange = ({ lineLimit }: { readonly lineLimit?: number | undefined }) =>
  lineLimit === undefined
    ? { key: VALIDATE_KEY, wanted: { set: true as const, value: 'false' } }
    : { key: LINE_LENGTH_KEY, wanted: { set: true as const, value: String(lineLimit) } };

export const deadlineSeconds = z
  .number()
  .min(1)
  .max(86_400)
  .default(7_200)
  .describe(
    'After how long the setting goes back though the work is not done, seconds. The work is cancelled first. Default: 7200',
  );

/** Raising the limit, bytes: more than the default of the server, and no more than is still gentle. */
export const MOST_LINE_LENGTH = 1024 * 1024;
export const lineLimitField = z.int().min(10_241).max(MOST_LINE_LENGTH).optional();

export const acceptRiskField = z
  .boolean()
  .default(false)
  .describe(
    'Needed for disable: messages that the validator refuses can disturb display and mobile synchronisation. Default: false',
  );

export const overrideGuardInput = z.strictObject({
  slot: z.string().describe('What was changed. Example: "lmtp-validator"'),
  owner: turnOwner.describe('The operation whose change it is.'),
  cancelsOwner: z
    .boolean()
    .default(true)
    .describe('At the deadline the operation is cancelled first; false: it goes on without the change.'),
});
export type OverrideGuardInput = z.input<typeof overrideGuardInput>;

export const overrideWatchdogInput = z.strictObject({});
export type OverrideWatchdogRequest = z.input<typeof overrideWatchdogInput> | null | undefined;
export const overrideWatchdogExample = {};

export const validatorOverrideInput = z
  .strictObject({
    disable: z
      .boolean()
      .default(false)
      .describe('Switch the validator off (zimbra_lmtp_validate_messages=false). Default: false'),
    lineLimit: lineLimitField.describe(
      'Raise zimbra_lmtp_max_line_length to so many bytes instead. Example: 20000',
    ),
    acceptRisk: acceptRiskField,
    deadlineSeconds,
    patienceSeconds: z
      .number()
      .min(1)
      .max(86_400)
      .nullable()
      .default(null)
      .describe(
        'End when nobody has said for so long that the change is still needed. Default: null (only the deadline)',
      ),
  })
  .refine(({ disable, lineLimit }) => disable !== (lineLimit !== undefined), {
    message: 'either disable or lineLimit is needed, and not both',
    path: ['lineLimit'],
  })
  .refine(({ disable, acceptRisk }) => !disable || acceptRisk, {
    message: 'must be true to switch the validator off',
    path: ['acceptRisk'],
  });
export type ValidatorOverrideInput = z.output<typeof validatorOverrideInput>;
export type ValidatorOverrideRequest = z.input<typeof validatorOverrideInput>;
export const validatorOverrideExample: ValidatorOverrideRequest = {
  lineLimit: 20_000,
  deadlineSeconds: 3_600,
};

export interface ValidatorOverrideStatus {
  phase: 'changing' | 'changed' | 'going back' | 'ended';
  /** As people read it; null before it is known. */
  original: string | null;
  key: string;
  wanted: string;
  /** ISO 8601, UTC; null while it waits for another change to go back. */
  deadline: string | null;
}

export interface ValidatorOverrideResult {
  key: string;
  original: string;
  /** `reverted`; `left` when somebody else changed it meanwhile; `reload pending` while the server is down. */
  end: string;
}
