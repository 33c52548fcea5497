/** An override: a setting of the host that was changed for a while and must go back to what it was. */
import { z } from 'zod';
import { setting, type Setting } from '../contracts/override';

export const isSameSetting = (a: Setting, b: Setting): boolean =>
  a.set ? b.set && a.value === b.value : !b.set;

/** Whose override it is: one chain of runs of a workflow, in one namespace of one server. */
export const holder = z.strictObject({
  /** Id of the Temporal namespace. */
  realm: z.string(),
  operationId: z.string(),
  firstRunId: z.string(),
});
export type OverrideHolder = z.output<typeof holder>;

export const isSameHolder = (a: OverrideHolder, b: OverrideHolder): boolean =>
  a.realm === b.realm && a.operationId === b.operationId && a.firstRunId === b.firstRunId;

/**
 * `applying`: the change may have been made, or not. `applied`: made and proved. `reload pending`: put back on disk, but
 * the server was not seen to follow. `left`: somebody else changed the setting meanwhile, so it is theirs.
 */
export const OVERRIDE_STATES = ['applying', 'applied', 'reload pending', 'left'] as const;

export const overrideEntry = z.strictObject({
  version: z.literal(1),
  /** What is changed; one override at a time. */
  slot: z.string(),
  /** The setting by its own name, such as `zimbra_lmtp_max_line_length`. */
  key: z.string(),
  original: setting,
  wanted: setting,
  holder,
  /** Epoch milliseconds. */
  madeAt: z.number(),
  /** When it is to go back at the latest, epoch milliseconds. */
  deadline: z.number(),
  state: z.enum(OVERRIDE_STATES),
  /** Of one that is `left`: what was found. */
  found: setting.optional(),
});
export type OverrideEntry = z.output<typeof overrideEntry>;

/** What the machinery needs of the thing that is changed. Each call throws a Problem when it cannot. */
export interface OverridePort {
  read(key: string): Promise<Setting>;
  write(key: string, value: Setting): Promise<void>;
  /** Makes the running server use what is written. */
  activate(): Promise<void>;
  /** @throws Problem `OverrideNotProved` when the running server does not do what is written */
  prove(): Promise<void>;
  /**
   * Why nobody can see whether the running server does what is written; null when it can be proved. Default: always null.
   * @param change as if this were written too
   */
  unprovable?(change?: { readonly key: string; readonly value: Setting }): Promise<string | null>;
}

/** `note`: why it was not seen that the running server follows; without it, it was. */
export interface Followed {
  readonly note?: string;
}

/** What became of an override that was to go back. */
export type RevertOutcome =
  /** There was none (of this holder). */
  | { readonly outcome: 'nothing' }
  /** As it was, and the running server follows. */
  | (Followed & { readonly outcome: 'reverted'; readonly key: string; readonly value: Setting })
  /** Neither ours nor the original: somebody changed it meanwhile, and it stays as they want it. */
  | (Followed & {
      readonly outcome: 'left';
      readonly key: string;
      readonly original: Setting;
      readonly found: Setting;
    });
