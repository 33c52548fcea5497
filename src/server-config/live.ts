/**
 * The settings in force on the mail host: its directory by `carbonio prov`, and the settings of its modules by
 * `carbonio config dump`. About seven calls, and one for each
 * class of service; each takes one to three seconds on a real host.
 */
import { getAllCoses, getAllDomains, getAllServers, getGlobalConfig, getServer } from '../carbonio/cli/prov';
import { dumpConfig, getConfig } from '../carbonio/cli/settings';
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import type { NamedAttributes } from '../carbonio/parse/attributes';
import { Problem } from '../failures';
import { BACKUP_ENABLED, objectOf, type Scope, type Settings, type SettingsObject } from './model';

/** @param server which one; null: the only one @throws Problem `InvalidInput` when there are several */
export async function readLive(
  cli: CarbonioCli,
  server: string | null,
  options: CallOptions = {},
): Promise<Settings> {
  const name = server ?? (await onlyServer(cli, options));
  const ofServer = await getServer(cli, name, options);
  const ofAll = await getGlobalConfig(cli, options);
  const modules = {
    server: await dumpConfig(cli, { scope: 'server', name }, options),
    global: await dumpConfig(cli, { scope: 'global' }, options),
  };
  const domains = await getAllDomains(cli, options);
  const enabled: SettingsObject[] = [];
  for (const cos of await getAllCoses(cli, options)) enabled.push(await withBackup(cli, cos, options));
  return {
    from: `the mail host (${name})`,
    savedAt: null,
    // distribution lists are a restore's: comparing each would take a call a list
    scopes: ['server', 'global', 'domain', 'cos'],
    objects: [
      objectOf('server', name, { ...modules.server, ...ofServer.attributes }),
      objectOf('global', '', { ...modules.global, ...ofAll.attributes }),
      ...all('domain', domains),
      ...enabled,
    ],
  };
}

const all = (scope: Scope, found: readonly NamedAttributes[]): SettingsObject[] =>
  found.map(({ name, attributes }) => objectOf(scope, name ?? '', attributes));

/** Whether a class is backed up is a setting of the module, and saved with the class. */
async function withBackup(
  cli: CarbonioCli,
  { name, attributes }: NamedAttributes,
  options: CallOptions,
): Promise<SettingsObject> {
  const { value } = await getConfig(cli, { scope: 'cos', name: name ?? '' }, BACKUP_ENABLED, options);
  return objectOf('cos', name ?? '', { ...attributes, [BACKUP_ENABLED]: value.toLowerCase() });
}

async function onlyServer(cli: CarbonioCli, options: CallOptions): Promise<string> {
  const servers = await getAllServers(cli, options);
  const [first] = servers;
  if (servers.length === 1 && first !== undefined) return first;
  throw new Problem(
    'InvalidInput',
    `The mail host knows the servers ${servers.join(', ') || '(none)'}: name the one that is meant (--server).`,
  );
}
