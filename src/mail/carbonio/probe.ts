/** Tries a server with one account: everything that a restore needs, in a folder that is removed again. */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../imap/message';
import type { ProbeResult } from '../imap/probe';
import { Problem } from '../../failures';
import { inject, prepare } from './inject';
import { CarbonioFolders } from './folders';
import { identified } from './look-up';
import { firstOf, type Members } from './json';
import type { CarbonioClient } from './session';
import { snapshotOf } from './snapshot';

/** What the server is, in its own words. Form by the server's source. */
export async function versionOf(client: CarbonioClient): Promise<string[]> {
  const info: Members = firstOf(await client.admin('GetVersionInfo'), 'info', 'GetVersionInfo');
  return ['version', 'release', 'buildDate'].flatMap((name) => {
    const value = info[name];
    return typeof value === 'string' && value !== '' ? [`${name}=${value.slice(0, 100)}`] : [];
  });
}

/** @throws Problem as a restore would */
export async function probe(client: CarbonioClient, account: string): Promise<ProbeResult> {
  const capabilities = await versionOf(client);
  const session = client.account(account);
  const folders = new CarbonioFolders(session, await snapshotOf(session));
  // random: a folder of that name is ours, and nothing else is ever removed
  const name = `lifeboat-check-${randomBytes(6).toString('hex')}`;
  const { folder } = await folders.folder(undefined, name, () => false);
  try {
    // one within the request, one that is uploaded
    for (const text of ['plain', 'Grüße']) {
      const bytes = Buffer.from(`Subject: Lifeboat tries this mailbox\r\n\r\n${text} ${name}\r\n`);
      const content = { kind: 'memory', bytes } as const;
      const message = {
        itemId: 1,
        key: '0'.repeat(24),
        folder,
        flags: '',
        tags: [],
        date: Date.now(),
        content,
      };
      const ready = await prepare(session, message);
      if ('refusal' in ready) throw new Problem('TargetRefused', ready.refusal);
      const { ids } = await inject(session, folders.idOf(folder), ready);
      const items = ids.map((id) => ({ id, type: 'm' as const }));
      for await (const what of identified(session, items)) {
        if (what.kind === 'other' && what.digest === sha256(bytes)) items.pop();
      }
      if (ids.length !== 1 || items.length > 0) {
        throw new Problem(
          'TargetRefused',
          `The message that was put into ${folder} does not come back as it was.`,
        );
      }
    }
  } finally {
    await session.call('FolderAction', { action: { id: String(folders.idOf(folder)), op: 'delete' } });
  }
  return { account, capabilities, folder: name };
}
