/** Attributes of domains, classes of service, lists and accounts: which are taken over, and what the server refuses. */
import { isFault, type SoapFault } from './fault';
import { firstOf, textIn, type Members } from './json';
import type { CarbonioClient } from './session';

export type Attribute = { readonly n: string; readonly _content: string };
export type Source = Readonly<Record<string, string | readonly string[]>>;

const THERE = [
  'account.DOMAIN_EXISTS',
  'account.COS_EXISTS',
  'account.ACCOUNT_EXISTS',
  'account.DISTRIBUTION_LIST_EXISTS',
];

/** What the new server decides, or what is brought in another way. In lower case. */
const OWN = new Set([
  ...['objectclass', 'uid', 'cn', 'mail', 'member', 'zimbraid', 'zimbraname', 'zimbracosid', 'zimbranotes'],
  ...['zimbramailhost', 'zimbramailtransport', 'zimbramaildeliveryaddress', 'zimbramailalias'],
  ...[
    'zimbracreatetimestamp',
    'zimbralastlogontimestamp',
    'zimbrapasswordmodifiedtime',
    'zimbraaccountstatus',
  ],
  ...['userpassword', 'zimbraauthtokens', 'zimbracsrftokendata', 'zimbraauthtokenvalidityvalue'],
  ...['zimbradomainname', 'zimbradomaintype', 'zimbradomainstatus', 'zimbradomaindefaultcosid'],
  ...['zimbrasignatureid', 'zimbrasignaturename', 'zimbraprefmailsignature', 'zimbraprefmailsignaturehtml'],
  ...['zimbraprefdefaultsignatureid', 'zimbraprefforwardreplysignatureid', 'zimbraadminaclace', 'zimbraace'],
  ...['zimbraisadminaccount', 'zimbraisdelegatedadminaccount', 'zimbraissystemaccount'],
]);
/** Of a list these are its members. */
const OF_LISTS = new Set(['zimbramailforwardingaddress']);

export function attributesOf(source: Source, kind: 'domain' | 'cos' | 'list' | 'account'): Attribute[] {
  const wanted = Object.entries(source).filter(([name]) => {
    const lower = name.toLowerCase();
    return !OWN.has(lower) && !(kind === 'list' && OF_LISTS.has(lower));
  });
  return wanted.flatMap(([n, value]) => [value].flat().map((_content) => ({ n, _content })));
}

export interface Thing {
  /** As in `Create<kind>Request`: Domain, Cos, Account, DistributionList. */
  readonly kind: string;
  /** Of the answer. */
  readonly member: string;
  readonly name: string;
  readonly note: (text: string) => void;
}

/**
 * Creates it, with what the server takes of its attributes.
 *
 * @returns its id; null when it is there already
 */
export async function createWith(
  client: CarbonioClient,
  thing: Thing,
  body: Members,
  attributes: readonly Attribute[],
): Promise<string | null> {
  const request = `Create${thing.kind}`;
  const create = async (a: readonly Attribute[]): Promise<string> => {
    const answer = await client.admin(request, { ...body, ...(a.length === 0 ? {} : { a }) });
    return textIn(firstOf(answer, thing.member, request), 'id', request);
  };
  try {
    return await create(attributes);
  } catch (error) {
    if (isFault(error, ...THERE)) return null;
    if (!isFault(error) || attributes.length === 0) throw error;
  }
  // one of them is the reason: without any, then each by itself
  const id = await create([]);
  await modify(client, thing, id, attributes);
  return id;
}

/** Sets attributes, all at once; when the server refuses that, one by one, and notes those that it does not take. */
export async function modify(
  client: CarbonioClient,
  thing: Thing,
  id: string,
  attributes: readonly Attribute[],
): Promise<void> {
  if (attributes.length === 0) return;
  const set = (a: readonly Attribute[]): Promise<Members> =>
    client.admin(`Modify${thing.kind}`, { id: thing.kind === 'Cos' ? { _content: id } : id, a });
  try {
    await set(attributes);
    return;
  } catch (error) {
    if (!isFault(error)) throw error;
  }
  const refused: string[] = [];
  let last: SoapFault | null = null;
  for (const name of new Set(attributes.map(({ n }) => n))) {
    try {
      // all values of one attribute belong together
      await set(attributes.filter(({ n }) => n === name));
    } catch (error) {
      if (!isFault(error)) throw error;
      refused.push(name);
      last = error;
    }
  }
  if (last === null) return;
  const shown = refused.slice(0, 20).join(', ') + (refused.length > 20 ? `, … (${refused.length})` : '');
  thing.note(`${thing.name} is without what the server does not take: ${shown}. It says: ${last.words}.`);
}
