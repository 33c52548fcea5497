/** A stand-in Carbonio as a target, and its mailboxes read back from its files: shares no code with the target. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStandIn, type StandIn, type StandInOptions } from '../../../src/embedded/carbonio/start';
import type { RestoreBench } from '../../restore/bench';
import { addSecret } from './kit';

interface Grant {
  gt: string;
  d: string;
  perm: string;
}
interface Box {
  folders: { id: number; name: string; l: number; view: string; grants: Grant[] }[];
  tags: { name: string }[];
  dataSources: Record<string, unknown>[];
}
interface Item {
  id: number;
  type: string;
  l: number;
  f: string;
  tags: string[];
  date: number;
  file: string;
}

export async function standInFor(
  bench: RestoreBench,
  options: Partial<StandInOptions> = {},
): Promise<StandIn> {
  const dir = join(bench.folder, 'host');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const standIn = await startStandIn({ dir, ...options });
  addSecret(bench, 'carbonio-admin', readFileSync(standIn.admin.passwordFile, 'utf8').trim());
  return standIn;
}

export const targetUrl = ({ settings, admin }: StandIn, options = '', port = settings.soapPort): string =>
  `carbonio://127.0.0.1:${port}/?mail=${port}&user=${admin.name}&secret=carbonio-admin` +
  `${settings.tls ? '' : '&tls=none'}${options}`;

export function accountDir({ places }: StandIn, address: string): string {
  const [local = '', domain = ''] = address.split('@');
  return join(places.mailboxes, domain, local);
}

export interface ReadAccount {
  id: string;
  displayName: string | null;
  status: string;
  cos: string | null;
  aliases: string[];
  attributes: Record<string, string | string[]>;
  signatures: { name: string; html: string }[];
}

export const readAccount = (standIn: StandIn, address: string): ReadAccount =>
  JSON.parse(readFileSync(join(accountDir(standIn, address), 'account.json'), 'utf8')) as ReadAccount;

export const readBox = (standIn: StandIn, address: string): Box =>
  JSON.parse(readFileSync(join(accountDir(standIn, address), 'mailbox.json'), 'utf8')) as Box;

export const pathOf = ({ folders }: Box, id: number): string => {
  const found = folders.find((folder) => folder.id === id);
  return found === undefined || found.l === 0 ? '' : `${pathOf({ folders } as Box, found.l)}/${found.name}`;
};

/** Who may do what, by folder. */
export function grantsIn(box: Box): Record<string, string[]> {
  const shared = box.folders.filter(({ grants }) => grants.length > 0);
  return Object.fromEntries(
    shared.map(({ id, grants }) => [
      pathOf(box, id),
      grants.map(({ gt, d, perm }) => `${gt} ${d} ${perm}`).sort(),
    ]),
  );
}

/** All but where its folder is. A member that should not be there, such as a password, is there too. */
export const dataSourcesIn = ({ dataSources }: Box): Record<string, unknown>[] =>
  dataSources.map(({ l: _folder, ...settings }) => settings);

/** How a data source must look that was `name`, `host` and `user` in the source: off, and without a password. */
export const switchedOff = (
  type: 'imap' | 'pop3',
  { name, host, user }: { readonly name: string; readonly host: string; readonly user: string },
): Record<string, unknown> => ({
  ...{ type, name, host, username: user },
  ...{ port: type === 'imap' ? 993 : 995, connectionType: 'ssl', isEnabled: '0' },
});

/** Members of every list, sorted. */
export function readLists({ places }: StandIn): Record<string, string[]> {
  const lines = readFileSync(join(places.mailboxes, 'lists'), 'utf8').matchAll(/^([^#\s:]+@[^\s:]+):(.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, list = '', members = '']) => [
      list,
      members
        .split(',')
        .map((member) => member.trim())
        .filter((member) => member !== '')
        .sort(),
    ]),
  );
}

/** Of messages every byte; of the others all but the line by which Lifeboat knows them again. */
export function digestOf(type: string, content: Buffer): string {
  const kept =
    type === 'm'
      ? content
      : Buffer.from(content.toString('latin1').replace(/^X-LIFEBOAT-KEY:.*\r\n/gm, ''), 'latin1');
  return createHash('sha256').update(kept).digest('base64').replaceAll('/', ',');
}

/** Every item as a line, sorted: the same mailbox gives the same lines. Only messages have a date and flags here. */
export function boxLines(standIn: StandIn, address: string): string[] {
  const dir = accountDir(standIn, address);
  const itemDir = join(dir, 'items');
  if (!existsSync(itemDir)) return [];
  const box = readBox(standIn, address);
  const items = readdirSync(itemDir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(itemDir, name), 'utf8')) as Item)
    .filter(({ file }) => existsSync(join(dir, file)));
  return items
    .map(({ type, l, f, tags, date, file }) =>
      line(type, pathOf(box, l), f, tags, date, digestOf(type, readFileSync(join(dir, file)))),
    )
    .sort();
}

export function line(
  type: string,
  path: string,
  flags: string,
  tags: readonly string[],
  date: number,
  digest: string,
): string {
  const own = type === 'm' ? [[...flags].sort().join(''), String(date)] : [];
  return [type, path, ...own, [...tags].sort().join('+'), digest].join(' ');
}
