/** Which blobs a verification of a part reads. */

export interface Sample {
  /** More than 0, at most 1. */
  readonly share: number;
  /** Another one takes other blobs, so that one sample after the other comes round to all. */
  readonly seed: number;
}

const STEPS = 1_000_003;

/** @param print fingerprint of a digest: as good as random */
export const isSampled = ({ share, seed }: Sample, print: number): boolean =>
  ((print % STEPS) + (seed % STEPS)) % STEPS < share * STEPS;
