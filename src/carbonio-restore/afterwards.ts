/** What is left to do on the mail host after a restore, as commands. */
import { join } from 'node:path';
import type { CarbonioCli } from '../carbonio/cli';
import { getConfig } from '../carbonio/cli/settings';
import { Problem } from '../failures';
import { listed } from './names';
import type { SurveyRow } from './survey';

/** Accounts of this kind are made by the server for its address book; their names begin so (mailbox source). */
const GALSYNC = /^galsync[^@]*@/i;

export async function afterwards(
  { cli, signal }: { readonly cli: CarbonioCli; readonly signal: AbortSignal },
  server: string,
  serverId: string | null,
  rows: readonly Pick<SurveyRow, 'name'>[],
): Promise<string[]> {
  const own = await ownPath(cli, server, signal);
  const map = mapOf(own ?? 'OWN_BACKUP_PATH', serverId);
  const galSync = rows.map(({ name }) => name).filter((name) => GALSYNC.test(name));
  return [
    `Afterwards, shares: \`carbonio backup doCheckShares start\`; what it finds broken mends \`carbonio backup doFixShares ${map}\`.`,
    galSync.length === 0
      ? 'Afterwards, GalSync accounts: none is among those restored, by their names.'
      : `Afterwards, delete the imported GalSync accounts (\`carbonio prov deleteAccount ADDRESS\`): ${listed(galSync)}.`,
    'Afterwards, deduplication: `carbonio powerstore doDeduplicate VOLUME` for each volume that `carbonio powerstore ' +
      'getAllVolumes` names.',
  ];
}

/** Where a restore leaves the ids that accounts and items have now (reference, section 6). */
export const mapOf = (ownPath: string, serverId: string | null): string =>
  join(ownPath, `map_${isSafe(serverId) ? serverId : 'SOURCE_SERVER_ID'}`);

/** It comes from the source, and people copy the command. */
const isSafe = (id: string | null): id is string => id !== null && /^[A-Za-z0-9-]+$/.test(id);

async function ownPath(cli: CarbonioCli, server: string, signal: AbortSignal): Promise<string | null> {
  try {
    const { value } = await getConfig(cli, { scope: 'server', name: server }, 'ZxBackup_DestPath', {
      signal,
    });
    return value;
  } catch (error) {
    if (error instanceof Problem && ['CommandFailed', 'UnknownOutput'].includes(error.type)) return null;
    throw error;
  }
}
