/**
 * Domains, classes of service and lists. Requests that create are as a real server was seen to answer; those that look up
 * and modify by the server's own documentation; ids are made from the names.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProvisionPlan } from '../../../mail/target';
import type { Host } from '../host';
import { readJson, writeJson } from '../settings';
import {
  attributeList,
  attributes,
  inner,
  ofAdmin,
  SoapFault,
  text,
  type Fields,
  type Handlers,
} from './soap-kit';

type Kind = 'domain' | 'cos' | 'dl';
interface Entry {
  readonly name: string;
  readonly attributes: Record<string, string | string[]>;
}

const EXISTS = { domain: 'DOMAIN_EXISTS', cos: 'COS_EXISTS', dl: 'DISTRIBUTION_LIST_EXISTS' } as const;
const MISSING = { domain: 'NO_SUCH_DOMAIN', cos: 'NO_SUCH_COS', dl: 'NO_SUCH_DISTRIBUTION_LIST' } as const;

export function idOf(kind: string, name: string): string {
  const hex = createHash('sha256').update(`${kind} ${name.toLowerCase()}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Attributes that others set are beside the files of the Maildir target, which only has what a restore brought. */
const fileOf = (host: Host): string => join(host.places.state, 'directory.json');
const entries = (host: Host): Record<string, Entry> => readJson(fileOf(host), {});

function names(host: Host, kind: Kind): string[] {
  const { mailboxes } = host;
  if (kind === 'domain') return mailboxes.domains();
  return kind === 'cos' ? mailboxes.coses() : listLines(host).map(([name]) => name);
}

export function nameById(host: Host, kind: Kind, id: string): string | undefined {
  return names(host, kind).find((name) => idOf(kind, name) === id);
}

function describe(host: Host, kind: Kind, name: string): Fields {
  const found = entries(host)[`${kind} ${name.toLowerCase()}`];
  const members =
    kind === 'dl'
      ? {
          dlm: (listLines(host).find(([list]) => list === name)?.[1] ?? []).map((_content) => ({ _content })),
        }
      : {};
  return { [kind]: [{ name, id: idOf(kind, name), a: attributeList(found?.attributes ?? {}), ...members }] };
}

function setAttributes(host: Host, kind: Kind, name: string, change: Entry['attributes']): void {
  const all = entries(host);
  const key = `${kind} ${name.toLowerCase()}`;
  for (const attribute of Object.keys(change)) requireKnown(attribute);
  const merged = { ...all[key]?.attributes, ...change };
  const kept = Object.entries(merged).filter(([, value]) => value !== '');
  writeJson(fileOf(host), { ...all, [key]: { name, attributes: Object.fromEntries(kept) } });
}

/** The real server has a schema; here everything of its kind is an attribute. */
export function requireKnown(attribute: string): void {
  const known = /^(zimbra|carbonio|amavis|backup)[A-Za-z]+$/.test(attribute);
  if (known || /^(displayName|givenName|sn|description|company|title|initials|userPassword)$/.test(attribute))
    return;
  throw new SoapFault('account.INVALID_ATTR_NAME', `invalid attr name: ${attribute}`);
}

const EMPTY: ProvisionPlan = {
  ...{ domains: [], coses: [], lists: [], accounts: [] },
  options: {
    ...{ skipDomainProvisioning: false, skipAccountProvisioning: false, skipAliases: false },
    ...{ skipDistributionLists: false, skipCoses: false, overwriteAccounts: false },
  },
};

async function create(host: Host, kind: Kind, name: string, request: Fields): Promise<Fields> {
  if (name === '') throw new SoapFault('service.INVALID_REQUEST', 'invalid request: missing required name');
  if (names(host, kind).some((there) => there.toLowerCase() === name.toLowerCase()))
    throw new SoapFault(`account.${EXISTS[kind]}`, `already exists: ${name}`);
  if (kind === 'dl') requireDomain(host, name);
  const wanted = attributes(request);
  Object.keys(wanted).forEach(requireKnown);
  const plan = {
    domain: { domains: [{ name, attributes: wanted }] },
    cos: { coses: [{ id: idOf('cos', name), name, attributes: wanted }] },
    dl: { lists: [{ name, attributes: wanted, members: [] }] },
  }[kind];
  await host.mailboxes.provision({ ...EMPTY, ...plan });
  setAttributes(host, kind, name, wanted);
  return describe(host, kind, name);
}

export function requireDomain(host: Host, address: string): void {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  if (!address.includes('@') || !host.mailboxes.domains().includes(domain))
    throw new SoapFault('account.NO_SUCH_DOMAIN', `no such domain: ${domain}`);
}

function look(host: Host, kind: Kind, request: Fields): Fields {
  const wanted = inner(request[kind]);
  const value = text(wanted);
  const name = wanted['by'] === 'id' ? nameById(host, kind, value) : value;
  const found = names(host, kind).find((there) => there.toLowerCase() === name?.toLowerCase());
  if (found === undefined) throw new SoapFault(`account.${MISSING[kind]}`, `no such ${kind}: ${value}`);
  return describe(host, kind, found);
}

function modify(host: Host, kind: Kind, request: Fields): Fields {
  const name = nameById(host, kind, text(request['id']));
  if (name === undefined)
    throw new SoapFault(`account.${MISSING[kind]}`, `no such ${kind}: ${text(request['id'])}`);
  setAttributes(host, kind, name, attributes(request));
  return describe(host, kind, name);
}

const listFile = (host: Host): string => join(host.places.mailboxes, 'lists');

function listLines(host: Host): [string, string[]][] {
  if (!existsSync(listFile(host))) return [];
  return readFileSync(listFile(host), 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => {
      const [name = '', members = ''] = line.split(':');
      return [
        name,
        members
          .split(',')
          .map((member) => member.trim())
          .filter((member) => member !== ''),
      ];
    });
}

function addMembers(host: Host, request: Fields): Fields {
  const name = nameById(host, 'dl', text(request['id']));
  if (name === undefined)
    throw new SoapFault('account.NO_SUCH_DISTRIBUTION_LIST', 'no such distribution list');
  const added = [request['dlm'] ?? []].flat().map(text);
  const bad = added.find((member) => !/^[^\s@:,]+@[^\s@:,]+$/.test(member));
  if (bad !== undefined)
    throw new SoapFault('service.INVALID_REQUEST', `invalid request: invalid member: ${bad}`);
  const lines = listLines(host).map(([list, members]) => {
    const all = list === name ? [...new Set([...members, ...added])] : members;
    return `${list}: ${all.join(', ')}`.trimEnd();
  });
  writeFileSync(listFile(host), `${lines.join('\n')}\n`, { mode: 0o600 });
  return {};
}

export const DIRECTORY: Handlers = {
  CreateDomainRequest: ofAdmin((host, request) => create(host, 'domain', text(request['name']), request)),
  CreateCosRequest: ofAdmin((host, request) => create(host, 'cos', text(request['name']), request)),
  CreateDistributionListRequest: ofAdmin((host, request) =>
    create(host, 'dl', text(request['name']), request),
  ),
  GetDomainRequest: ofAdmin((host, request) => look(host, 'domain', request)),
  GetCosRequest: ofAdmin((host, request) => look(host, 'cos', request)),
  GetDistributionListRequest: ofAdmin((host, request) => look(host, 'dl', request)),
  ModifyDomainRequest: ofAdmin((host, request) => modify(host, 'domain', request)),
  ModifyCosRequest: ofAdmin((host, request) => modify(host, 'cos', request)),
  ModifyDistributionListRequest: ofAdmin((host, request) => modify(host, 'dl', request)),
  AddDistributionListMemberRequest: ofAdmin(addMembers),
};
