/** How a server answered a command. */
import type { Value } from './wire';

export interface Reply {
  readonly status: 'OK' | 'NO' | 'BAD';
  /** Response code in upper case with its arguments, as `APPENDUID 1 2`; empty when there is none. */
  readonly code: string;
  readonly text: string;
  readonly untagged: readonly (readonly Value[])[];
}

/** What a server says, for people: one line, not too long. */
export const clean = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[.\s]+$/, '')
    .slice(0, 300);
