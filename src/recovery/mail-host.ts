/** The mail host of this machine, and whether there is one at all. */
import type { CarbonioCli } from '../carbonio/cli';
import { getServices } from '../carbonio/cli/settings';
import { Problem } from '../failures';

/** The host, as a step of a runbook asks it. */
export interface HostEnv {
  readonly cli: CarbonioCli;
  /** Its name among the mail servers. */
  readonly server: string;
  readonly signal: AbortSignal;
}

/** False only when its command is missing: one that does not answer is there. @throws Problem of the host that does not answer */
export async function hasMailHost(cli: CarbonioCli, signal: AbortSignal): Promise<boolean> {
  try {
    await getServices(cli, { signal });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.type === 'CommandMissing') return false;
    throw error;
  }
}

/** What can be looked at all the same; null when the host does not tell. */
export async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
