/** What every step of a restore is told. Plain data: it crosses into worker threads. */
import type { ExternalRestoreInput } from '../contracts/external-restore';
import type { TurnOwner } from '../contracts/operation-queue';

export interface RestoreRequest {
  /** The user's name of the operation: the workflow id. */
  readonly operationId: string;
  /** Names one chain of runs: a reset goes on with it, a new start under the same id does not. */
  readonly operationKey: string;
  /** Whose turn on the host the steps work in: its own, or that of an ancestor. */
  readonly turn: TurnOwner;
  readonly input: ExternalRestoreInput;
  /** Of the ledger that planned the operation; absent before the plan. */
  readonly ledgerId?: string;
}

/** What the worker adds. */
export interface RestoreSettings {
  readonly stateDir: string;
  /** Used when the input names no target. */
  readonly defaultTarget: string;
  /** Where the secrets are that targets name. */
  readonly secretsDir?: string | null;
}
