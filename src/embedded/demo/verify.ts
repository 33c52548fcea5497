/** Compares what is in the mailboxes, and what the report says, with what was put into the sample. */
import { expectedRestore, type ExpectedRestore, type SampleFacts, type SampleItem } from '../sample/facts';
import { listMailboxes, maildirOf, readMaildir, type FoundMessage } from './maildirs';

export interface ReportedItem {
  readonly account: string;
  readonly item: number;
  readonly class: string;
}

export interface Verdict {
  /** Messages found as they should be. */
  readonly messages: number;
  readonly mailboxes: number;
  /** One sentence each; empty when everything is right. */
  readonly problems: readonly string[];
}

const FLAGS: Readonly<Record<string, string>> = { f: 'F', r: 'R', w: 'P', d: 'D', x: 'T' };

/** Every message once, byte-identical, in its folder, with flags, tags and date; and exactly the planted items reported. */
export function verify(facts: SampleFacts, mailboxes: string, reported: readonly ReportedItem[]): Verdict {
  const expected = expectedRestore(facts);
  const problems = [...compareAccounts(expected, mailboxes), ...compareReport(expected, reported)];
  let messages = 0;
  for (const address of expected.accounts) {
    const found = readMaildir(maildirOf(mailboxes, address));
    problems.push(...found.leftovers.map((path) => `left behind: ${path}`));
    const wanted = expected.restored.filter(({ account }) => account === address);
    const compared = compareMessages(address, wanted, found.messages);
    messages += compared.right;
    problems.push(...compared.problems);
  }
  return { messages, mailboxes: expected.accounts.length, problems };
}

function compareMessages(
  address: string,
  wanted: readonly SampleItem[],
  found: readonly FoundMessage[],
): { right: number; problems: string[] } {
  const missing = new Map<string, number[]>();
  for (const item of wanted) {
    const key = keyOf(expectedMessage(item));
    missing.set(key, [...(missing.get(key) ?? []), item.item]);
  }
  const problems: string[] = [];
  for (const message of found) {
    if (missing.get(keyOf(message))?.pop() !== undefined) continue;
    const place = message.folder.join('/');
    problems.push(
      `${address}: a message in ${place} that should not be there, or not so (${message.digest})`,
    );
  }
  const lacking = [...missing.values()].flat();
  problems.push(...lacking.map((item) => `${address}: item ${item} is not there as it should be`));
  return { right: wanted.length - lacking.length, problems };
}

function expectedMessage({ folder, flags, tags, date, digest }: SampleItem): FoundMessage {
  const seen = flags.includes('u') ? '' : 'S';
  const letters = [...seen, ...[...flags].flatMap((flag) => FLAGS[flag] ?? [])];
  return {
    folder: folder.map(shownName),
    flags: letters.sort().join(''),
    keywords: tags.map((tag) => tag.replaceAll(' ', '_')).sort(),
    seconds: Math.floor(date / 1000),
    digest,
  };
}

/** Maildir folders cannot have a dot or a slash in their names, nor begin with a tilde. */
const shownName = (name: string, depth: number): string =>
  name.replace(/[./]/g, '_').replace(depth === 0 ? /^~/ : /$^/, '_');

const keyOf = ({ folder, flags, keywords, seconds, digest }: FoundMessage): string =>
  JSON.stringify([folder, flags, keywords, seconds, digest]);

function compareAccounts({ accounts }: ExpectedRestore, mailboxes: string): string[] {
  return difference('mailbox', accounts, listMailboxes(mailboxes));
}

function compareReport(
  { defects, unsupported }: ExpectedRestore,
  reported: readonly ReportedItem[],
): string[] {
  const wanted = [
    ...defects.map(({ account, item, kind }) => `${account} ${item} (${kind})`),
    ...unsupported.map(({ account, item }) => `${account} ${item} (unsupported)`),
  ];
  return difference(
    'unrestored item',
    wanted,
    reported.map(({ account, item, class: itemClass }) => `${account} ${item} (${itemClass})`),
  );
}

function difference(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [all, there] = [new Set(wanted), new Set(found)];
  return [
    ...wanted.filter((one) => !there.has(one)).map((one) => `missing ${what}: ${one}`),
    ...found.filter((one) => !all.has(one)).map((one) => `unexpected ${what}: ${one}`),
  ];
}
