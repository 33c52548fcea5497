/** Finds messages in the folders of a mailbox by their content. */
import { Problem } from '../../failures';
import { decodeUtf7 } from '../maildir/utf7';
import type { ImapConnection } from './connection';
import { clean, type Reply } from './reply';
import { canonical, folderArgument } from './folders';
import { levelledDigest } from './message';
import { textOf, type Value } from './wire';

/** Bytes of messages that are fetched at once. */
const PAGE_BYTES = 8 * 1024 * 1024;
const PAGE_MESSAGES = 500;
/** UIDs of one search: it is answered in a line, and there is a longest one (wire.ts). */
const WINDOW = 80_000;

/** Where a folder ended at some moment: messages that came later have this UID or a higher one. */
export interface Mark {
  readonly folder: string;
  readonly validity: number;
  readonly next: number;
}

export const parseMark = (trace: string): Mark => JSON.parse(trace) as Mark;

/**
 * Null when there is no such folder, and nothing else: whoever takes a refusal for an empty folder sends again what is
 * in it.
 * @param readable null also for what the account may see and not read (NOPERM), as folders that others share
 * @throws Problem `TargetUnavailable`
 */
export async function examine(
  session: ImapConnection,
  folder: string,
  readable: 'needed' | 'wanted' = 'needed',
): Promise<{ validity: number } | null> {
  const reply = await session.run(`EXAMINE ${folderArgument(folder)}`);
  if (reply.status === 'OK') return { validity: Number(codeOf(reply, 'UIDVALIDITY') ?? 0) };
  if (readable === 'wanted' && /^NOPERM\b/.test(reply.code) && canonical(folder) !== 'INBOX') return null;
  if (/^NONEXISTENT\b/.test(reply.code) || !(await isListed(session, folder))) return null;
  const what = `The folder "${folder}" cannot be looked into now: ${clean(reply.text)}`;
  throw new Problem('TargetUnavailable', `${what}.`, { folder });
}

async function isListed(session: ImapConnection, folder: string): Promise<boolean> {
  const { untagged } = await session.must(`LIST "" ${folderArgument(folder)}`);
  return untagged.some(([kind, flags, , name]) => {
    if (textOf(kind).toUpperCase() !== 'LIST' || !Array.isArray(flags) || name === undefined) return false;
    // what is asked for may be a pattern
    const shown = decodeUtf7(textOf(name)) ?? textOf(name);
    if (canonical(shown) !== canonical(folder)) return false;
    return !flags.some((flag) => /^\\(NONEXISTENT|NOSELECT)$/i.test(textOf(flag)));
  });
}

/** Leaves a folder that was examined: of an open folder a server tells the state that it last showed us. */
export async function leave(session: ImapConnection): Promise<void> {
  // after SELECT this would remove what is marked as deleted; after EXAMINE it removes nothing
  await session.must('CLOSE');
}

/** The argument of a response code in the untagged answers: `[UIDVALIDITY 3]`. */
export function codeOf({ untagged }: Reply, name: string): string | undefined {
  for (const [, code] of untagged) {
    const match = /^\[(\S+) ?(.*)\]$/.exec(textOf(code));
    if (match?.[1]?.toUpperCase() === name) return match[2];
  }
  return undefined;
}

export async function markOf(session: ImapConnection, folder: string): Promise<Mark> {
  const { untagged } = await session.must(`STATUS ${folderArgument(folder)} (UIDVALIDITY UIDNEXT)`);
  const status = untagged.find(([kind]) => textOf(kind).toUpperCase() === 'STATUS')?.[2];
  const pairs = Array.isArray(status) ? fieldsOf(status) : new Map<string, Value>();
  const number = (name: string): number => Number(textOf(pairs.get(name) ?? '')) || 0;
  return { folder, validity: number('UIDVALIDITY'), next: number('UIDNEXT') };
}

/**
 * Where a folder ends now; null when it is not there.
 * @param mailbox whose folder it is: others may do better
 * @throws Problem `TargetUnavailable` when that is not said
 */
export async function endOf(session: ImapConnection, folder: string, mailbox: string): Promise<Mark | null> {
  try {
    return await markOf(session, folder);
  } catch (error) {
    if (!(error instanceof Problem) || error.type !== 'TargetRefused') throw error;
    if (error.details.passing !== true && !(await isListed(session, folder))) return null;
    throw new Problem('TargetUnavailable', error.message, { folder, mailbox }, { cause: error });
  }
}

function fieldsOf(list: readonly Value[]): Map<string, Value> {
  const fields = new Map<string, Value>();
  for (let i = 0; i + 1 < list.length; i += 2) fields.set(textOf(list[i]).toUpperCase(), list[i + 1] ?? null);
  return fields;
}

function fetched({ untagged }: Reply): Map<string, Value>[] {
  return untagged
    .filter(([, kind, fields]) => textOf(kind).toUpperCase() === 'FETCH' && Array.isArray(fields))
    .map(([, , fields]) => fieldsOf(fields as Value[]));
}

export interface Arrival {
  readonly uid: number;
  /** As the server shows them, also `\Recent`. */
  readonly flags: readonly string[];
  /** Epoch milliseconds, whole seconds; NaN when it is not said. */
  readonly date: number;
}

/** The messages of a folder (examined before) from a UID on, as the server gives them back. */
export async function* messagesFrom(
  session: ImapConnection,
  from: number,
): AsyncGenerator<Arrival & { bytes: Buffer }> {
  const last = Math.max(0, ...(await search(session, '*')));
  for (let first = from; first <= last; first += WINDOW) {
    const end = Math.min(first + WINDOW - 1, last);
    const uids = (await search(session, `${first}:${end}`)).filter((uid) => uid >= first && uid <= end);
    yield* messagesOf(
      session,
      uids.sort((a, b) => a - b),
    );
  }
}

async function search(session: ImapConnection, uids: string): Promise<number[]> {
  const { untagged } = await session.must(`UID SEARCH UID ${uids}`);
  return untagged
    .filter(([kind]) => textOf(kind).toUpperCase() === 'SEARCH')
    .flatMap((line) => line.slice(1).map((value) => Number(textOf(value))));
}

async function* messagesOf(
  session: ImapConnection,
  uids: readonly number[],
): AsyncGenerator<Arrival & { bytes: Buffer }> {
  for (let at = 0; at < uids.length; at += PAGE_MESSAGES) {
    const page = uids.slice(at, at + PAGE_MESSAGES);
    const sizes = await session.must(`UID FETCH ${page.join(',')} (UID RFC822.SIZE)`);
    let ask: number[] = [];
    let bytes = 0;
    for (const fields of fetched(sizes)) {
      ask.push(Number(textOf(fields.get('UID') ?? '')));
      bytes += Number(textOf(fields.get('RFC822.SIZE') ?? ''));
      if (bytes < PAGE_BYTES) continue;
      yield* bodies(session, ask);
      ask = [];
      bytes = 0;
    }
    if (ask.length > 0) yield* bodies(session, ask);
  }
}

async function* bodies(
  session: ImapConnection,
  uids: readonly number[],
): AsyncGenerator<Arrival & { bytes: Buffer }> {
  const reply = await session.must(`UID FETCH ${uids.join(',')} (UID FLAGS INTERNALDATE BODY.PEEK[])`);
  for (const fields of fetched(reply)) {
    const body = fields.get('BODY[]') ?? '';
    const flags = fields.get('FLAGS');
    yield {
      flags: Array.isArray(flags) ? flags.map(textOf) : [],
      date: Date.parse(textOf(fields.get('INTERNALDATE') ?? '')),
      uid: Number(textOf(fields.get('UID') ?? '')),
      bytes: Buffer.isBuffer(body) ? body : Buffer.from(textOf(body)),
    };
  }
}

/** The messages that came into a folder since a mark, by content; in each the older ones first. */
export async function arrivals(session: ImapConnection, mark: Mark): Promise<Map<string, Arrival[]>> {
  const found = new Map<string, Arrival[]>();
  const folder = await examine(session, mark.folder);
  if (folder === null) return found;
  // a folder that was made anew counts its messages from the beginning
  const from = folder.validity === mark.validity ? mark.next : 1;
  for await (const { bytes, ...arrival } of messagesFrom(session, from)) {
    const digest = levelledDigest(bytes);
    const same = found.get(digest);
    if (same === undefined) found.set(digest, [arrival]);
    else same.push(arrival);
  }
  await leave(session);
  return found;
}
