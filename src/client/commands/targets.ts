/** `lifeboat targets check`: whether a target can be restored into. */
import { loadConfig } from '../../config';
import { Problem } from '../../failures';
import { openTarget } from '../../mail/open-target';
import { CarbonioTarget } from '../../mail/carbonio/carbonio-target';
import { ImapTarget } from '../../mail/imap/imap-target';
import type { ProbeResult } from '../../mail/imap/probe';
import { EXIT } from '../exit-codes';
import { print, printJson } from '../output';

export interface CheckTargetOptions {
  account?: string;
  stateDir?: string;
  json?: boolean;
}

/** @throws Problem as a restore into this target would */
export async function checkTarget(url: string, options: CheckTargetOptions): Promise<number> {
  const { secretsDir } = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const target = await openTarget(url, undefined, secretsDir);
  try {
    await target.check();
    const isServer = target instanceof ImapTarget || target instanceof CarbonioTarget;
    const result = isServer ? await tryMailbox(target, options.account) : null;
    const { description } = target;
    if (options.json) printJson({ target: target.id, description, ok: true, ...result });
    else {
      print(`${description}: can be used.`);
      if (result !== null) {
        print(
          `Logged in for ${result.account}; put a message into a folder of its own, read it, removed both.`,
        );
        print(`The server offers: ${result.capabilities.join(' ')}`);
      }
    }
    return EXIT.done;
  } finally {
    await target.close();
  }
}

async function tryMailbox(
  target: ImapTarget | CarbonioTarget,
  account: string | undefined,
): Promise<ProbeResult> {
  if (account === undefined || !/^[^\s@/]+@[^\s@/]+$/.test(account)) {
    const what = 'A mail server is tried with an account of it: --account jane@example.com';
    throw new Problem('InvalidInput', `${what}.`, { field: 'account' });
  }
  return target.probe(account);
}
