/** All that talks to the mail host, from the configuration. Nothing is run or opened before it is used. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CarbonioConfig } from '../config-carbonio';
import { Problem } from '../failures';
import { AdminSoap } from './admin-soap';
import { CarbonioCli } from './cli';
import { parseCommand } from './command-line';
import { probeLineLength, type ProbeAnswer } from './lmtp-probe';
import { LocalConfig } from './localconfig';
import { removeProbes } from './probe-mailbox';
import { Runner, type HostLog } from './runner';

export interface CarbonioHost {
  readonly cli: CarbonioCli;
  readonly localConfig: LocalConfig;
  /** Null without an administrator in the configuration. */
  readonly admin: AdminSoap | null;
  /**
   * As {@link probeLineLength}, to the mailbox for probes, where the mail server of the configuration takes LMTP. What
   * arrives is taken out again.
   */
  probe(lineLength: number): Promise<ProbeAnswer>;
}

/**
 * @param place the lock folder and the name of the host, which together name the lock of the local configuration
 * @param lock as of the runner: what commands hold until they have ended
 */
export function openCarbonioHost(
  config: CarbonioConfig,
  place: { readonly lockDir: string; readonly host: string },
  log: HostLog,
  lock: () => number | null = () => null,
): CarbonioHost {
  const timeoutMs = config.timeoutSeconds * 1000;
  const runner = new Runner({ log, user: config.user, lock });
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
    probe: (lineLength) => probe(config, admin, lineLength, log),
  };
}

async function probe(
  { lmtp, probeRecipient: recipient }: CarbonioConfig,
  admin: AdminSoap | null,
  lineLength: number,
  log: HostLog,
): Promise<ProbeAnswer> {
  if (recipient === null) {
    throw new Problem('ProbeRefused', 'LIFEBOAT_PROBE_RECIPIENT names no mailbox for test messages.');
  }
  const token = randomUUID();
  const answer = await probeLineLength({ ...lmtp, recipient, lineLength, token });
  if (answer === 'accepted') await tidy(admin, recipient, token, log);
  return answer;
}

/** A test message that stays in its mailbox is no reason to doubt what it proved. */
async function tidy(admin: AdminSoap | null, mailbox: string, token: string, log: HostLog): Promise<void> {
  try {
    const removed = admin === null ? 0 : await removeProbes(admin, mailbox, token);
    if (removed === 0) log.warn({ mailbox, token }, 'the test message was left in its mailbox');
  } catch (error) {
    log.warn({ mailbox, token, err: error }, 'the test message could not be removed');
  }
}
