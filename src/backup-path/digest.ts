/** Names of blobs: a SHA of the uncompressed content in base64, with `/` replaced by `,`. */
import { hash, type Hash } from 'node:crypto';

/** 44 characters: SHA-256. 64 characters: SHA-384. Both with `+` and, for the first, `=` kept. */
const SHA256 = /^[A-Za-z0-9+,]{43}=$/;
const SHA384 = /^[A-Za-z0-9+,]{64}$/;

export type DigestAlgorithm = 'sha256' | 'sha384';

/** Which algorithm a digest is of, or null when it is no digest at all. */
export function digestAlgorithm(digest: string): DigestAlgorithm | null {
  if (SHA256.test(digest)) return 'sha256';
  if (SHA384.test(digest)) return 'sha384';
  return null;
}

export const toBlobName = (base64: string): string => base64.replaceAll('/', ',');

export function digestOf(content: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return toBlobName(hash(algorithm, content, 'base64'));
}

export const finishDigest = (state: Hash): string => toBlobName(state.digest('base64'));
