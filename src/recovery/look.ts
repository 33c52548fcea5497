/** One look at a server before or after a recovery. It changes nothing, and has a remedy. */
import { Problem } from '../failures';

export interface Look {
  readonly what: string;
  /** Null: could not be told, so a person has to look. */
  readonly ok: boolean | null;
  readonly found: string;
  /** Empty when it is as it should be. */
  readonly remedy: string;
}

/** What the host refuses to tell is no reason to stop looking at the rest. */
export async function asked(what: string, remedy: string, body: () => Promise<Look>): Promise<Look> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { what, ok: false, found: error.message, remedy };
  }
}
