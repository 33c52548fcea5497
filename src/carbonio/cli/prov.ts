/** The directory of the mail host, by `carbonio prov`: attributes of servers, of everything, of domains and of classes. */
import { Problem } from '../../failures';
import type { CallOptions, CarbonioCli } from '../cli';
import { attributesOf, listOf, type NamedAttributes } from '../parse/attributes';
import { unknownOutput } from '../parse/excerpt';
import { valueWord } from './words';

const prov = async (
  cli: CarbonioCli,
  words: readonly string[],
  what: string,
  options: CallOptions,
): Promise<NamedAttributes[]> => attributesOf(await cli.call(['prov', ...words], options), what);

/** @throws Problem `CommandFailed` for a server that there is not */
export async function getServer(
  cli: CarbonioCli,
  server: string,
  options: CallOptions = {},
): Promise<NamedAttributes> {
  const found = await prov(cli, ['gs', valueWord('gs', 'server', server)], `The server ${server}`, options);
  return only(found, `The server ${server}`);
}

export async function getGlobalConfig(cli: CarbonioCli, options: CallOptions = {}): Promise<NamedAttributes> {
  return only(await prov(cli, ['gacf'], 'The global configuration', options), 'The global configuration');
}

export async function getAllDomains(cli: CarbonioCli, options: CallOptions = {}): Promise<NamedAttributes[]> {
  return listOf(await cli.call(['prov', 'gad', '-v'], options), 'The list of domains');
}

export const getAllCoses = (cli: CarbonioCli, options: CallOptions = {}): Promise<NamedAttributes[]> =>
  prov(cli, ['gac', '-v'], 'The list of classes of service', options);

/** By name or id. */
export async function getCos(
  cli: CarbonioCli,
  cos: string,
  options: CallOptions = {},
): Promise<NamedAttributes> {
  const found = await prov(cli, ['gc', valueWord('gc', 'cos', cos)], `The class of service ${cos}`, options);
  return only(found, `The class of service ${cos}`);
}

/** @param wanted only these attributes */
export async function getAccount(
  cli: CarbonioCli,
  account: string,
  wanted: readonly string[],
  options: CallOptions = {},
): Promise<NamedAttributes> {
  const words = ['ga', valueWord('ga', 'account', account), ...wanted];
  return only(await prov(cli, words, `The account ${account}`, options), `The account ${account}`);
}

/** A name a line. */
export const getAllServers = (cli: CarbonioCli, options: CallOptions = {}): Promise<string[]> =>
  names(cli, 'gas', 'The list of servers', options);
export const getAllAccounts = (cli: CarbonioCli, options: CallOptions = {}): Promise<string[]> =>
  names(cli, 'gaa', 'The list of accounts', options);

async function names(
  cli: CarbonioCli,
  command: string,
  what: string,
  options: CallOptions,
): Promise<string[]> {
  const answer = await cli.call(['prov', command], options);
  const found =
    answer.form === 'text'
      ? answer.raw.split('\n').map((text) => text.trim())
      : answer.hosts.flatMap(({ response }) => (Array.isArray(response) ? (response as unknown[]) : [null]));
  const said = found.filter((one) => one !== '');
  const isName = (one: unknown): one is string => typeof one === 'string' && /^[^\s]{1,320}$/.test(one);
  if (!said.every(isName)) throw unknownOutput(what, answer.raw);
  return said;
}

function only(found: readonly NamedAttributes[], what: string): NamedAttributes {
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  throw new Problem('UnknownOutput', `${what}: the mail host answers with ${found.length} of them.`);
}
