/** `lifeboat targets check`: whether a target can be restored into. */
import { loadConfig } from '../../config';
import { Problem } from '../../failures';
import { openTarget } from '../../mail/open-target';
import { CarbonioTarget } from '../../mail/carbonio/carbonio-target';
import { ImapTarget } from '../../mail/imap/imap-target';
import type { ProbeResult } from '../../mail/imap/probe';
import { LmtpTarget } from '../../mail/lmtp/lmtp-target';
import type { LmtpProbe } from '../../mail/lmtp/probe';
import type { MailTarget } from '../../mail/target';
import { EXIT } from '../exit-codes';
import { print, printJson } from '../output';

export interface CheckTargetOptions {
  account?: string;
  deliverTo?: string;
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
    const result = await tryMailbox(target, options);
    const { description } = target;
    if (options.json) printJson({ target: target.id, description, ok: true, ...result });
    else {
      print(`${description}: can be used.`);
      if (result !== null) {
        print(tried(result));
        print(`The server offers: ${result.capabilities.join(' ')}`);
      }
    }
    return EXIT.done;
  } finally {
    await target.close();
  }
}

type Tried = ProbeResult | LmtpProbe;

async function tryMailbox(
  target: MailTarget,
  { account, deliverTo }: CheckTargetOptions,
): Promise<Tried | null> {
  if (deliverTo !== undefined && !(target instanceof LmtpTarget)) {
    throw new Problem('InvalidInput', '--deliver-to is for an LMTP server only.', { field: 'deliverTo' });
  }
  if (target instanceof ImapTarget || target instanceof CarbonioTarget) return target.probe(address(account));
  if (target instanceof LmtpTarget)
    return target.probe(address(deliverTo ?? account), deliverTo !== undefined);
  return null;
}

function address(account: string | undefined): string {
  if (account !== undefined && /^[^\s@/]+@[^\s@/]+$/.test(account)) return account;
  const what = 'A mail server is tried with an account of it: --account jane@example.com';
  throw new Problem('InvalidInput', `${what}.`, { field: 'account' });
}

function tried(result: Tried): string {
  const { account } = result;
  if (!('delivered' in result))
    return `Logged in for ${account}; put a message into a folder of its own, read it, removed both.`;
  return {
    none: `The server has a mailbox for ${account}. Nothing was delivered.`,
    accepted: `The server took a message for ${account}; nobody can look whether it is there (no lookup).`,
    seen: `Delivered a message to ${account} and read it back; it stays there.`,
  }[result.delivered];
}
