/** Shares after a restore: ids of accounts and folders are others now, and a share may lead nowhere. */
import { existsSync } from 'node:fs';
import { BackupPath } from '../backup-path/store';
import { oneLine } from '../carbonio/parse/excerpt';
import { mapOf } from '../carbonio-restore/afterwards';
import { Problem } from '../failures';
import { PATH_KEY, settingInForce } from '../overrides/backup-settings-port';
import type { HostEnv } from './mail-host';

export interface SharesSeen {
  /** What the mail host said: it is not documented (U), so a person reads it. */
  readonly said: string;
  /** The map of ids that the restore has left in the own Backup Path; null: there is none to mend by. */
  readonly map: string | null;
}

export async function checkShares(env: HostEnv, source: string): Promise<SharesSeen> {
  const { cli, signal } = env;
  const { raw } = await cli.call(['backup', 'doCheckShares', 'start'], { signal });
  const map = await mapIn(env, source);
  return { said: oneLine(raw), map: existsSync(map) ? map : null };
}

/** Answers what the mail host said. @throws Problem `HostNotReady` without a map of ids */
export async function fixShares(env: HostEnv, source: string): Promise<string> {
  const { cli, signal } = env;
  const map = await mapIn(env, source);
  if (!existsSync(map)) throw new Problem('HostNotReady', `There is no ${map}.`);
  const { raw } = await cli.call(['backup', 'doFixShares', map], { signal });
  return oneLine(raw);
}

async function mapIn({ cli, server, signal }: HostEnv, source: string): Promise<string> {
  const own = await settingInForce(cli, server, PATH_KEY, { signal });
  return mapOf(own, BackupPath.open(source).marker.serverId);
}
