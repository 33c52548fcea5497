/**
 * The little of `carbonio prov` that tests and runbooks need: accounts, mail servers. Names, short
 * names and arguments are those of zmprov (mailbox source); so is the text. JSON is synthetic.
 */
import { randomUUID } from 'node:crypto';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { Refusal } from '../refusal';
import type { Command } from './spec';

/** An account that names another server lives there: that makes it a server of the site. */
const mailHostOf = (host: Host, { attributes }: Account): string =>
  String(attributes[MAIL_HOST] ?? host.settings.host);

function* attributesOf(host: Host, account: Account): Generator<readonly [string, string]> {
  yield ['zimbraId', account.id];
  if (account.attributes[MAIL_HOST] === undefined) yield [MAIL_HOST, host.settings.host];
  // an account of the default class has none of its own
  const cos = host.mailboxes.registered('coses').find(({ name }) => name === account.cos);
  if (cos !== undefined && cos.name !== 'default') yield ['zimbraCOSId', cos.id];
  yield ['zimbraAccountStatus', account.status];
  for (const [key, value] of Object.entries(account.attributes))
    for (const one of [value].flat()) yield [key, one];
}

const MAIL_HOST = 'zimbraMailHost';

export const prov = (
  names: readonly string[],
  mandatory: readonly string[],
  about: string,
  run: Command['run'],
): Command[] =>
  names.map((name) => ({
    ...{ module: 'prov', name, mandatory, optional: {}, free: true, output: 'synthetic' as const, about },
    run: (call) => {
      if (call.words.length < mandatory.length) throw new Refusal(`${name}: ${mandatory.join(' ')} expected`);
      return run(call);
    },
  }));

const lines = (names: readonly string[]) => ({
  response: names,
  text: names.map((name) => `${name}\n`).join(''),
});

export const PROV_COMMANDS: readonly Command[] = [
  ...prov(
    ['getAllAccounts', 'gaa'],
    [],
    'Addresses of all accounts, or [-s server] of those there',
    ({ host, words }) => {
      const [option, server] = words;
      const accounts = host.mailboxes
        .accounts()
        .filter((account) => option !== '-s' || mailHostOf(host, account) === server);
      return lines(accounts.map(({ name }) => name));
    },
  ),
  ...prov(['getAllServers', 'gas'], [], 'Names of the mail servers, whichever service is named', ({ host }) =>
    lines([
      ...new Set([
        host.settings.host,
        ...host.mailboxes.accounts().map((account) => mailHostOf(host, account)),
      ]),
    ]),
  ),
  ...prov(['getAccount', 'ga'], ['account'], 'Attributes of an account, all or those named', (call) => {
    const [name = '', ...wanted] = call.words;
    const account = call.host.account(name);
    // a quota that a restore lifted reads as none
    const lifted = call.host.quotas.isLifted(account.name);
    const shown = [...attributesOf(call.host, account)]
      .map(([key, value]) => [key, lifted && key === 'zimbraMailQuota' ? '0' : value] as const)
      .filter(([key]) => wanted.length === 0 || wanted.includes(key));
    const lines = [`# name ${account.name}`, ...shown.map(([key, value]) => `${key}: ${value}`), ''];
    return { response: Object.fromEntries(shown), text: `${lines.join('\n')}\n` };
  }),
  ...prov(
    ['createAccount', 'ca'],
    ['account', 'password'],
    'Creates an account; its password is not kept',
    async (call) => {
      const [name = ''] = call.words;
      const pairs = call.words.slice(2);
      const attributes: Record<string, string> = {};
      for (let at = 0; at + 1 < pairs.length; at += 2) attributes[pairs[at] ?? ''] = pairs[at + 1] ?? '';
      const id = randomUUID();
      const plain = {
        displayName: null,
        status: 'active' as const,
        cos: null,
        aliases: [],
        passwordHash: null,
      };
      await call.host.mailboxes.create({ id, name, ...plain, attributes, signatures: [] });
      return { response: { id }, text: `${id}\n` };
    },
  ),
  ...prov(['deleteAccount', 'da'], ['account'], 'Deletes an account and its mailbox', ({ host, words }) => {
    host.mailboxes.delete(host.account(words[0] ?? ''));
    return { response: {}, text: '' };
  }),
];
