/** What the steps of a verification are told, and answer. Plain data. */
import type { VerifyInput } from '../contracts/verify';
import type { OperationName } from '../host/operation-dir';
import type { FindingCounts, VerifyCursor, VerifyCounts } from '../backup-path/verify-model';

export interface VerificationRequest extends OperationName {
  readonly input: Omit<VerifyInput, 'carry'>;
}

export interface VerificationSlice {
  /** Number of this work unit, from 0. */
  readonly slice: number;
  readonly seconds: number;
  /** Null in the first one. */
  readonly cursor: VerifyCursor | null;
  /** Of the store that the first one found; null in that. */
  readonly serverId: string | null;
}

export interface SliceAnswer extends VerifyCounts {
  /** Where to go on; null when everything is done. */
  readonly cursor: VerifyCursor | null;
  readonly orphans: number | null;
  readonly findings: FindingCounts;
  readonly serverId: string;
  readonly reportDir: string;
}

/** Of the classes that make a store not clean; bytes behind an intact blob are a note. */
export const findingsIn = ({ read, broken, invalid, ...rest }: FindingCounts): number =>
  read + broken + invalid + rest['double-gzipped'];
