/**
 * Accounts, aliases, signatures, and tokens for accounts. What creates, and the faults, as a real server was seen to
 * answer; GetAccount, ModifyAccount and GetVersionInfo by the server's own documentation.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProvisionAccount } from '../../../mail/target';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { writeJson } from '../settings';
import { LARGEST } from './http-files';
import { nameById, requireDomain, requireKnown } from './soap-directory';
import {
  attributeList,
  attributes,
  inner,
  invalid,
  ofAdmin,
  ofMailbox,
  SoapFault,
  text,
  type Fields,
  type Handlers,
} from './soap-kit';

type Changes = Record<string, string | string[]>;
interface AccountFile {
  displayName: string | null;
  status: string;
  cos: string | null;
  aliases: string[];
  attributes: Changes;
  signatures: { name: string; html: string }[];
}

const TOKEN_LIFE_SECONDS = 3600;
const STATUSES = ['active', 'locked', 'closed', 'maintenance', 'lockout', 'pending'];

function find(host: Host, value: string): Account {
  const found = host.mailboxes.find(value);
  if (found === undefined) throw new SoapFault('account.NO_SUCH_ACCOUNT', `no such account: ${value}`);
  return found;
}

function describe(host: Host, account: Account): Fields {
  const { id, name, displayName, status } = account;
  const a = attributeList({
    ...account.attributes,
    zimbraId: id,
    zimbraAccountStatus: status,
    ...(displayName === null ? {} : { displayName }),
    zimbraMailAlias: account.aliases,
  });
  return { account: [{ name: host.mailboxes.find(name)?.name ?? name, id, a }] };
}

async function create(host: Host, request: Fields): Promise<Fields> {
  const name = text(request['name']).toLowerCase();
  requireDomain(host, name);
  if (host.mailboxes.find(name) !== undefined)
    throw new SoapFault('account.ACCOUNT_EXISTS', `email address already exists: ${name}`);
  const wanted = attributes(request);
  Object.keys(wanted).forEach(requireKnown);
  const { zimbraId, userPassword, ...rest } = wanted;
  const account: ProvisionAccount = {
    id: typeof zimbraId === 'string' ? zimbraId : randomUUID(),
    name,
    ...{ displayName: null, status: 'active', cos: null, aliases: [], attributes: {}, signatures: [] },
    passwordHash: typeof userPassword === 'string' ? userPassword : null,
  };
  await host.mailboxes.create(account);
  change(host, find(host, name), rest);
  return describe(host, find(host, name));
}

/** All of it or nothing. */
function change(host: Host, account: Account, wanted: Changes): void {
  Object.keys(wanted).forEach(requireKnown);
  edit(account, (file) => {
    for (const [name, value] of Object.entries(wanted)) {
      const single = typeof value === 'string' ? value : '';
      if (name === 'displayName') file.displayName = single === '' ? null : single;
      else if (name === 'zimbraAccountStatus') {
        if (!STATUSES.includes(single))
          throw new SoapFault('account.INVALID_ATTR_VALUE', `invalid attr value: ${name} ${single}`);
        file.status = single;
      } else if (name === 'zimbraCOSId') {
        const cos = nameById(host, 'cos', single);
        if (cos === undefined) throw new SoapFault('account.NO_SUCH_COS', `no such cos: ${single}`);
        file.cos = cos;
      } else if (name === 'userPassword') continue;
      else if (single === '' && typeof value === 'string') delete file.attributes[name];
      else file.attributes[name] = value;
    }
  });
}

function edit({ place }: Account, body: (file: AccountFile) => void): void {
  const path = join(place.accountDir, 'account.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as AccountFile;
  body(file);
  writeJson(path, file);
}

function addAlias(host: Host, request: Fields): Fields {
  const account = find(host, text(request['id']));
  const alias = text(request['alias']).toLowerCase();
  requireDomain(host, alias);
  if (host.mailboxes.find(alias) !== undefined)
    throw new SoapFault('account.ACCOUNT_EXISTS', `email address already exists: ${alias}`);
  host.mailboxes.addAlias(account, alias);
  edit(account, (file) => file.aliases.push(alias));
  return {};
}

function addSignature(_host: Host, account: Account, request: Fields): Fields {
  const { name, content } = inner(request['signature']);
  const [first] = [content ?? []].flat();
  const { type } = inner(first);
  if (typeof name !== 'string' || name === '' || type !== 'text/html') throw invalid('signature');
  edit(account, ({ signatures }) => {
    if (signatures.some((there) => there.name === name))
      throw new SoapFault('account.SIGNATURE_EXISTS', `signature already exists: ${name}`);
    signatures.push({ name, html: text(first) });
  });
  return { signature: [{ id: randomUUID(), name }] };
}

export const ACCOUNTS: Handlers = {
  GetVersionInfoRequest: ofAdmin(() => ({
    info: [{ version: 'stand-in, not Carbonio', release: 'none', buildDate: 'none', host: 'stand-in' }],
  })),
  // by the server's own documentation; only what is asked for
  GetConfigRequest: ofAdmin((host, request) => {
    const n = inner(request['a'])['n'];
    const size = String(host.settings.maxMessageSize ?? LARGEST);
    return { a: n === 'zimbraMtaMaxMessageSize' ? [{ n, _content: size }] : [] };
  }),
  CreateAccountRequest: ofAdmin(create),
  GetAccountRequest: ofAdmin((host, request) => describe(host, find(host, text(request['account'])))),
  ModifyAccountRequest: ofAdmin((host, request) => {
    change(host, find(host, text(request['id'])), attributes(request));
    return describe(host, find(host, text(request['id'])));
  }),
  AddAccountAliasRequest: ofAdmin(addAlias),
  DelegateAuthRequest: ofAdmin((host, request, tokens) => {
    const { name } = find(host, text(request['account']));
    const lifetime = Math.min(Number(request['duration'] ?? TOKEN_LIFE_SECONDS), TOKEN_LIFE_SECONDS) * 1000;
    return { authToken: [{ _content: tokens.newToken(name) }], lifetime };
  }),
  CreateSignatureRequest: ofMailbox(addSignature, 'urn:zimbraAccount'),
};
