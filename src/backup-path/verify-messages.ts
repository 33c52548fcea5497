/** What passes between a verification and its threads. */
import type { ThreadFailure } from '../host/thread-failure';
import type { BlobFolder } from './verify-index';
import type { VerifyCounts, VerifyFinding, VerifyPhase, VerifyScope } from './verify-model';

export interface ThreadData {
  readonly path: string;
  /** Int32s on shared memory, at the places below. */
  readonly control: SharedArrayBuffer;
}
/** Not 0 once the threads should end after the unit they are at. */
export const STOP = 0;
/** The next unit that nobody has taken. */
export const NEXT = 1;
/** Reports sent and not taken in yet; a thread waits while they are too many. */
export const IN_FLIGHT = 2;
/** Not 0 once the threads should end at once, and what they are at is not done. */
export const CANCEL = 3;
export const CONTROL_BYTES = 16;

export interface PhaseOrder {
  readonly phase: VerifyPhase;
  /** Blob folders, or accounts (each of ACCOUNT_GROUPS units). */
  readonly names: readonly string[];
  /** What is known of the blobs; not needed in the first phase. */
  readonly folders: readonly BlobFolder[];
  readonly scope: VerifyScope;
}

export interface Report {
  readonly kind: 'report';
  readonly units: number;
  readonly counts: VerifyCounts;
  readonly findings: readonly VerifyFinding[];
  readonly folders: readonly BlobFolder[];
}
export type ThreadMessage = Report | { readonly kind: 'done' } | ThreadFailure;
