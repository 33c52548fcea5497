/**
 * What a SmartScan saves of the server itself: its configuration, and its folder of settings packed (documented). Which
 * attributes the configuration holds is synthetic: those of the directory, and those of the modules in force.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { archiveStamp, SERVER } from '../../../backup-path/layout';
import type { Attributes } from '../../../backup-path/model';
import type { BackupPath } from '../../../backup-path/store';
import type { BackupPathWriter } from '../../../backup-path/writer';
import type { Host } from '../host';
import type { Scope } from '../properties';

export function saveServerConfig(host: Host, store: BackupPath, writer: BackupPathWriter, now: number): void {
  const { directory, settings } = host;
  const enabled = (name: string): boolean =>
    host.properties.get('cos', name, 'backupEnabled').value.toLowerCase() !== 'false';
  writer.serverConfig(
    {
      server: {
        name: settings.host,
        attributes: { ...ofModules(host, 'server', settings.host), ...directory.server() },
      },
      global: { attributes: { ...ofModules(host, 'global', ''), ...directory.global() } },
      domains: directory.domains(),
      coses: directory.coses().map((cos) => ({ ...cos, backupEnabled: enabled(cos.name) })),
      distributionLists: [],
    },
    new Date(now),
  );
  const pack = host.properties.get('server', settings.host, 'ZxBackup_BackupCustomizations').value;
  if (pack.toUpperCase() !== 'TRUE') return;
  const file = join(store.root, SERVER, `customizations_${archiveStamp(new Date(now))}.tar.gz`);
  execFileSync('tar', ['-czf', file, '-C', host.dir, 'conf'], { stdio: 'ignore' });
}

function ofModules(host: Host, scope: Scope, object: string): Attributes {
  const names = Object.entries(host.properties.known).filter(([, { scopes }]) => scopes.includes(scope));
  return Object.fromEntries(names.map(([name]) => [name, host.properties.get(scope, object, name).value]));
}
