/** `carbonio prov` for servers, the global configuration, domains and classes of service. Text as zmprov prints it. */
import type { Attributes } from '../../../backup-path/model';
import type { DirectoryScope } from '../directory';
import type { Host } from '../host';
import type { Registered } from '../mailboxes';
import { Refusal } from '../refusal';
import { prov } from './prov';
import type { Answer, Command } from './spec';

interface Shown {
  readonly name: string | null;
  readonly attributes: Attributes;
}

/** With `--json`: synthetic. */
function answerOf(all: readonly Shown[]): Answer {
  const lines = all.flatMap(({ name, attributes }) => [
    ...(name === null ? [] : [`# name ${name}`]),
    ...Object.entries(attributes).flatMap(([key, value]) => [value].flat().map((one) => `${key}: ${one}`)),
    '',
  ]);
  const [first] = all;
  const response: object =
    all.length === 1 && first?.name === null
      ? first.attributes
      : (Object.fromEntries(all.map(({ name, attributes }) => [name, attributes])) as object);
  return { response, text: `${lines.join('\n')}\n` };
}

const listed = (all: readonly Registered[], words: readonly string[]): Answer =>
  words.includes('-v')
    ? answerOf(all)
    : { response: all.map(({ name }) => name), text: all.map(({ name }) => `${name}\n`).join('') };

function requireServer({ settings }: Host, name: string): string {
  if (name.toLowerCase() === settings.host.toLowerCase() || name === settings.serverId) return settings.host;
  throw new Refusal(`no such server: ${name}`);
}

function find(all: readonly Registered[], what: string, wanted: string): Registered {
  const name = wanted.toLowerCase();
  const found = all.find((one) => one.name.toLowerCase() === name || one.id.toLowerCase() === name);
  if (found === undefined) throw new Refusal(`no such ${what}: ${wanted}`);
  return found;
}

/** `attribute value` pairs; one twice is a list. */
function change(host: Host, scope: DirectoryScope, name: string, pairs: readonly string[]): Answer {
  if (pairs.length === 0 || pairs.length % 2 === 1) throw new Refusal('attribute value pairs expected');
  const values = new Map<string, string[]>();
  for (let at = 0; at < pairs.length; at += 2) {
    const [key = '', value = ''] = pairs.slice(at, at + 2);
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(key)) throw new Refusal(`no such attribute: ${key}`);
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  for (const [key, list] of values) host.directory.change(scope, name, key, list);
  return { response: {}, text: '' };
}

export const DIRECTORY_COMMANDS: readonly Command[] = [
  ...prov(['getServer', 'gs'], ['server'], 'Attributes of a server', ({ host, words }) =>
    answerOf([{ name: requireServer(host, words[0] ?? ''), attributes: host.directory.server() }]),
  ),
  ...prov(['getAllConfig', 'gacf'], [], 'Attributes of everything', ({ host }) =>
    answerOf([{ name: null, attributes: host.directory.global() }]),
  ),
  ...prov(['getConfig', 'gcf'], ['name'], 'One attribute of everything', ({ host, words }) => {
    const [name = ''] = words;
    const value = host.directory.global()[name];
    if (value === undefined) throw new Refusal(`invalid attribute name: ${name}`);
    return answerOf([{ name: null, attributes: { [name]: value } }]);
  }),
  ...prov(['getAllDomains', 'gad'], [], 'Domains; with -v their attributes', ({ host, words }) =>
    listed(host.directory.domains(), words),
  ),
  ...prov(['getAllCos', 'gac'], [], 'Classes of service; with -v their attributes', ({ host, words }) =>
    listed(host.directory.coses(), words),
  ),
  ...prov(['getCos', 'gc'], ['cos'], 'Attributes of a class of service', ({ host, words }) =>
    answerOf([find(host.directory.coses(), 'cos', words[0] ?? '')]),
  ),
  ...prov(['modifyServer', 'ms'], ['server', 'attribute', 'value'], 'Changes a server', ({ host, words }) =>
    change(host, 'server', requireServer(host, words[0] ?? ''), words.slice(1)),
  ),
  ...prov(['modifyConfig', 'mcf'], ['attribute', 'value'], 'Changes everything', ({ host, words }) =>
    change(host, 'global', '', words),
  ),
  ...prov(['modifyDomain', 'md'], ['domain', 'attribute', 'value'], 'Changes a domain', ({ host, words }) =>
    change(host, 'domain', find(host.directory.domains(), 'domain', words[0] ?? '').name, words.slice(1)),
  ),
  ...prov(['modifyCos', 'mc'], ['cos', 'attribute', 'value'], 'Changes a class', ({ host, words }) =>
    change(host, 'cos', find(host.directory.coses(), 'cos', words[0] ?? '').name, words.slice(1)),
  ),
];
