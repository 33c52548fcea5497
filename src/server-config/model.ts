/** Settings of a mail server, wherever they come from, in one form. */
import type { Attributes, ServerConfig } from '../backup-path/model';

export const SCOPES = ['server', 'global', 'domain', 'cos', 'distributionList'] as const;
export type Scope = (typeof SCOPES)[number];

/** What has attributes: the server, everything (`global`, whose name is empty), a domain, …. */
export interface SettingsObject {
  readonly scope: Scope;
  readonly name: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export interface Settings {
  /** Where they come from, for people. */
  readonly from: string;
  /** Epoch milliseconds; null for what is in force now. */
  readonly savedAt: number | null;
  /** What was read at all: of the others nothing is known. */
  readonly scopes: readonly Scope[];
  readonly objects: readonly SettingsObject[];
}

/** What the dialect holds beside the attributes is shown as if it were one. */
export const BACKUP_ENABLED = 'backupEnabled';
const MEMBERS = 'members';

export function settingsOf(config: ServerConfig, from: string, savedAt: number): Settings {
  const { server, global, domains, coses, distributionLists } = config;
  const objects = [
    objectOf('server', server.name, server.attributes),
    objectOf('global', '', global.attributes),
    ...domains.map(({ name, attributes }) => objectOf('domain', name, attributes)),
    ...coses.map(({ name, attributes, backupEnabled }) =>
      objectOf('cos', name, { ...attributes, [BACKUP_ENABLED]: String(backupEnabled) }),
    ),
    ...distributionLists.map(({ name, attributes, members }) =>
      objectOf('distributionList', name, { ...attributes, [MEMBERS]: [...members] }),
    ),
  ];
  return { from, savedAt, scopes: SCOPES, objects };
}

export function objectOf(scope: Scope, name: string, attributes: Attributes): SettingsObject {
  const values = Object.entries(attributes).map(([key, value]) => [key, [value].flat()] as const);
  return { scope, name, attributes: new Map(values) };
}
