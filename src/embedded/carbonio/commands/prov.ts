/** The little of `carbonio prov` that tests and runbooks need. Accounts here; output of getAccount as zmprov prints it. */
import { randomUUID } from 'node:crypto';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { Refusal } from '../refusal';
import type { Command } from './spec';

function* attributesOf(host: Host, account: Account): Generator<readonly [string, string]> {
  yield ['zimbraId', account.id];
  // an account of the default class has none of its own
  const cos = host.mailboxes.registered('coses').find(({ name }) => name === account.cos);
  if (cos !== undefined && cos.name !== 'default') yield ['zimbraCOSId', cos.id];
  yield ['zimbraAccountStatus', account.status];
  for (const [key, value] of Object.entries(account.attributes))
    for (const one of [value].flat()) yield [key, one];
}

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

export const PROV_COMMANDS: readonly Command[] = [
  ...prov(['getAllAccounts', 'gaa'], [], 'Addresses of all accounts', ({ host }) => {
    const names = host.mailboxes.accounts().map(({ name }) => name);
    return { response: names, text: names.map((name) => `${name}\n`).join('') };
  }),
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
