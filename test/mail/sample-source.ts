/** What a sample says of its accounts and lists, read from its files: shares no code with what reads a Backup Path. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface SourceAccount {
  displayName: string | null;
  status: string;
  /** An id. */
  cos: string;
  aliases: string[];
  passwordHash: string;
  attributes: Record<string, string | string[]>;
  signatures: { name: string; html: string }[];
  shares: { folderId: number; grantee: string; rights: string }[];
  dataSources: { name: string; type: string; host: string; user: string }[];
}

interface SourceConfig {
  coses: { id: string; name: string }[];
  distributionLists: { name: string; members: string[] }[];
}

/** Folders without a metadata file, as a Carbonio calls them. */
const SYSTEM: Readonly<Record<number, string>> = { 1: '', 2: '/Inbox', 7: '/Contacts', 10: '/Calendar' };

export class SampleSource {
  constructor(private readonly root: string) {}

  account(id: string): SourceAccount {
    return JSON.parse(readFileSync(join(this.root, 'accounts', id, 'account_info'), 'utf8')) as SourceAccount;
  }

  config(): SourceConfig {
    const folder = join(this.root, 'server');
    const [name = ''] = readdirSync(folder).filter((it) => it.startsWith('config_'));
    return JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString()) as SourceConfig;
  }

  /** From the top, as `/Work/2024`. */
  folderPath(accountId: string, folder: number): string {
    const known = SYSTEM[folder];
    if (known !== undefined) return known;
    const bucket = String(folder % 100).padStart(2, '0');
    const path = join(this.root, 'accounts', accountId, 'items', bucket, String(folder));
    const states = JSON.parse(readFileSync(path, 'utf8')) as { name: string; folder: number }[];
    const last = states.at(-1) ?? { name: '?', folder: 1 };
    return `${this.folderPath(accountId, last.folder)}/${last.name.replaceAll('/', '_')}`;
  }
}
