/** Asking the mail host for its purges, before a sync deletes. */
import type { CarbonioCli } from '../carbonio/cli';
import type { Config } from '../config';
import type { OffsiteSyncInput } from '../contracts/offsite-sync';
import { Problem } from '../failures';
import { CopyPlace, destinationOf } from '../offsite/place';
import { hasHostCommand, lookAtPurges } from '../offsite/purges';
import { offsiteStep } from './offsite';

export interface PurgeLook {
  /** Why the sync waits; null: no purge works. */
  readonly waiting: string | null;
  /** Whether a purge has ended that the newest deleting sync to this destination did not know of. */
  readonly fresh: boolean;
  /** All purges that have ended; null: there is no mail host. */
  readonly ended: readonly string[] | null;
}

export function createOffsitePurgeActivities({ stateDir, carbonio }: Config, cli: CarbonioCli) {
  return {
    /** One look, a few seconds; the workflow waits between two. */
    async lookAtPurges({ input }: { input: OffsiteSyncInput }): Promise<PurgeLook> {
      return offsiteStep(async ({ signal }) => {
        if (!hasHostCommand(carbonio)) {
          if (input.delete === 'now') return { waiting: null, fresh: true, ended: null };
          const what = `delete afterPurge asks the mail host for its purges, and there is no ${carbonio.command} (LIFEBOAT_CARBONIO_COMMAND).`;
          throw new Problem('CommandMissing', `${what} Without a mail host, delete "now".`);
        }
        const { running, ended } = await lookAtPurges(cli, { signal });
        const known = new Set(new CopyPlace(stateDir, destinationOf(input.destination)).record()?.purges);
        return {
          waiting: running === null ? null : waitingFor(running),
          fresh: ended.some((id) => !known.has(id)),
          ended,
        };
      });
    },
  };
}

const waitingFor = ({ id, since }: { id: string; since: string | null }): string =>
  `On the mail host a purge works (operation ${id}${since === null ? '' : `, since ${since}`}). ` +
  'A sync that deletes waits for its end.';
