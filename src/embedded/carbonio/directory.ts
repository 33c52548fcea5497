/**
 * Attributes of the directory (LDAP on a real host): of the server, of everything, of domains and classes of service. A
 * few that everybody knows, those of the Maildir target's registries, and what `prov` has changed.
 */
import type { Attributes } from '../../backup-path/model';
import type { Mailboxes, Registered } from './mailboxes';
import { readJson, writeJson, type Settings } from './settings';

export type DirectoryScope = 'server' | 'global' | 'domain' | 'cos';

export class Directory {
  private readonly changed: Record<string, Attributes>;

  constructor(
    private readonly file: string,
    private readonly settings: Settings,
    private readonly mailboxes: Mailboxes,
  ) {
    this.changed = readJson(file, {});
  }

  server(): Attributes {
    const { host, serverId } = this.settings;
    return this.with('server', {
      zimbraId: serverId,
      zimbraMailMode: 'both',
      zimbraMailPort: '8080',
      zimbraMtaRelayHost: [],
      zimbraServiceEnabled: ['mailbox', 'mta'],
      zimbraServiceHostname: host,
    });
  }

  global(): Attributes {
    const { host } = this.settings;
    return this.with('global', {
      zimbraDefaultDomainName: host.slice(host.indexOf('.') + 1),
      zimbraMtaMaxMessageSize: '52428800',
      zimbraMtaRestriction: ['reject_non_fqdn_sender', 'reject_unknown_sender_domain'],
      zimbraPasswordMinLength: '8',
    });
  }

  domains(): Registered[] {
    return this.mailboxes.registered('domains').map((one) => this.named('domain', one));
  }

  coses(): Registered[] {
    return this.mailboxes.registered('coses').map((one) => this.named('cos', one));
  }

  /** @param values none: it is taken away */
  change(scope: DirectoryScope, name: string, attribute: string, values: readonly string[]): void {
    const key = keyOf(scope, name);
    this.changed[key] = { ...this.changed[key], [attribute]: values.filter((value) => value !== '') };
    writeJson(this.file, this.changed);
  }

  private named(scope: 'domain' | 'cos', one: Registered): Registered {
    return { ...one, attributes: this.with(keyOf(scope, one.name), { zimbraId: one.id, ...one.attributes }) };
  }

  private with(key: string, attributes: Attributes): Attributes {
    const all = Object.entries({ ...attributes, ...this.changed[key] });
    return Object.fromEntries(
      all.filter(([, value]) => value.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
}

const keyOf = (scope: DirectoryScope, name: string): string =>
  scope === 'server' || scope === 'global' ? scope : `${scope} ${name.toLowerCase()}`;
