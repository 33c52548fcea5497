/** All that talks to the mail host, from the configuration. Nothing is run or opened before it is used. */
import { join } from 'node:path';
import type { CarbonioConfig } from '../config';
import { AdminSoap } from './admin-soap';
import { CarbonioCli } from './cli';
import { parseCommand } from './command-line';
import { probeLineLength, type ProbeAnswer } from './lmtp-probe';
import { LocalConfig } from './localconfig';
import { Runner, type HostLog } from './runner';

export interface CarbonioHost {
  readonly cli: CarbonioCli;
  readonly localConfig: LocalConfig;
  /** Null without an administrator in the configuration. */
  readonly admin: AdminSoap | null;
  /** As {@link probeLineLength}, where the mail server of the configuration takes LMTP. */
  probe(recipient: string, lineLength: number): Promise<ProbeAnswer>;
}

/** @param place the lock folder and the name of the host, which together name the lock of the local configuration */
export function openCarbonioHost(
  config: CarbonioConfig,
  place: { readonly lockDir: string; readonly host: string },
  log: HostLog,
): CarbonioHost {
  const timeoutMs = config.timeoutSeconds * 1000;
  const runner = new Runner({ log, user: config.user });
  const { url, login, caFile, verifyTls } = config.admin;
  const admin = login === null ? null : new AdminSoap({ url, caFile, verifyTls, timeoutMs, ...login });
  return {
    cli: new CarbonioCli(runner, { command: parseCommand(config.command), timeoutMs }),
    localConfig: new LocalConfig(runner, {
      command: parseCommand(config.zmlocalconfig),
      file: config.localConfigFile,
      lockFile: join(place.lockDir, `${place.host}.localconfig.lock`),
      timeoutMs,
      reloadBySoap: admin === null ? null : () => admin.reloadLocalConfig(),
    }),
    admin,
    probe: (recipient, lineLength) => probeLineLength({ ...config.lmtp, recipient, lineLength }),
  };
}
