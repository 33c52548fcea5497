/** A server that finds messages again has lost their flags: they get those that they were sent with. */
import { Problem } from '../../failures';
import type { ImapConnection } from './connection';
import { folderArgument } from './folders';
import { leave, type Arrival } from './look-up';
import { systemFlags } from './message';
import { clean, type Reply } from './reply';

/** A message without any flag that was sent with some. */
export interface Bare {
  readonly itemId: number;
  readonly uid: number;
  readonly flags: readonly string[];
}

/** The same for flags that are the same, whatever their order; `\Recent` is the server's own. */
export const flagKey = (flags: readonly string[]): string =>
  flags
    .map((flag) => flag.toLowerCase())
    .filter((flag) => flag !== '\\recent')
    .sort()
    .join(' ');

export const isBare = ({ flags }: Pick<Arrival, 'flags'>): boolean => flagKey(flags) === '';

/**
 * @param note told of each message whose flags the server refuses
 * @throws Problem `TargetUnavailable` when the folder cannot be changed now
 */
export async function giveFlags(
  session: ImapConnection,
  folder: string,
  messages: readonly Bare[],
  note: (itemId: number, text: string) => void,
): Promise<void> {
  await ask(session, 'SELECT', folder);
  const alike = new Map<string, Bare[]>();
  for (const message of messages) {
    const flags = [...message.flags].sort().join(' ');
    alike.set(flags, [...(alike.get(flags) ?? []), message]);
  }
  for (const same of alike.values()) {
    const [{ flags }] = same as [Bare];
    const reply = await store(session, same, flags);
    if (reply.status === 'OK') continue;
    const system = systemFlags(flags);
    const isPartly = system.length > 0 && (await store(session, same, system)).status === 'OK';
    const lost = isPartly ? 'without its tags' : 'without its flags and tags';
    for (const { itemId } of same) note(itemId, `${lost}, which the server refuses (${clean(reply.text)})`);
  }
  // a folder that is left while it is selected for writing loses what is marked as deleted
  await ask(session, 'EXAMINE', folder);
  await leave(session);
}

const store = (
  session: ImapConnection,
  messages: readonly Bare[],
  flags: readonly string[],
): Promise<Reply> =>
  session.run(`UID STORE ${messages.map(({ uid }) => uid).join(',')} +FLAGS.SILENT (${flags.join(' ')})`);

async function ask(session: ImapConnection, command: string, folder: string): Promise<void> {
  const reply = await session.run(`${command} ${folderArgument(folder)}`);
  if (reply.status === 'OK') return;
  const what = `Messages in "${folder}" lack their flags, and it cannot be changed now: ${clean(reply.text)}`;
  throw new Problem('TargetUnavailable', `${what}.`, { folder });
}
