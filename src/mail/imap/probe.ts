/** Tries a server with one account: everything that a restore needs, in a folder that is removed again. */
import { randomBytes } from 'node:crypto';
import { Problem } from '../../failures';
import { folderArgument, ImapFolders } from './folders';
import { arrivals } from './look-up';
import { internalDate, levelledDigest } from './message';
import type { ImapSessions } from './sessions';

export interface ProbeResult {
  readonly account: string;
  readonly capabilities: readonly string[];
  /** The folder that was made and removed. */
  readonly folder: string;
}

/** @throws Problem as a restore would */
export async function probe(sessions: ImapSessions, account: string): Promise<ProbeResult> {
  try {
    const session = await sessions.control();
    const folders = new ImapFolders(() => sessions.control());
    await folders.load();
    // random: a folder of that name is ours, and nothing else is ever removed
    const name = `lifeboat-check-${randomBytes(6).toString('hex')}`;
    const { folder } = await folders.folder(undefined, name, () => false);
    try {
      const message = Buffer.from(`Subject: Lifeboat tries this mailbox\r\n\r\n${name}\r\n`);
      const head = `APPEND ${folderArgument(folder)} (\\Seen) "${internalDate(Date.now())}" `;
      await session.must([head, message]);
      const there = await arrivals(session, { folder, validity: 0, next: 1 });
      if (there.get(levelledDigest(message))?.length !== 1) {
        throw new Problem('TargetRefused', `The message that was put into ${folder} does not come back.`);
      }
    } finally {
      await session.run('SELECT INBOX');
      await session.run(`UNSUBSCRIBE ${folderArgument(folder)}`);
      await session.must(`DELETE ${folderArgument(folder)}`);
    }
    return { account, capabilities: [...session.capabilities].sort(), folder };
  } finally {
    await sessions.close();
  }
}
