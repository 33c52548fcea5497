/** Commands about the configuration: attributes, schedulers, services. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MARKER } from '../../../backup-path/layout';
import { BackupPath } from '../../../backup-path/store';
import type { Host } from '../host';
import { SCOPES, type Scope } from '../properties';
import { Refusal } from '../refusal';
import type { Service } from '../services';
import { isTrue, requireKeyword, Usage, type Answer, type Call, type Command } from './spec';

interface Where {
  readonly scope: Scope;
  /** '' for global. */
  readonly object: string;
  readonly cos: string;
  readonly id: string;
}

/** @throws Refusal for an object that there is not */
function where(host: Host, scope: Scope, named: string): Where {
  const { host: server, serverId } = host.settings;
  const plain = { scope, object: named.toLowerCase(), cos: 'default', id: named };
  if (scope === 'global') return { ...plain, object: '' };
  if (scope === 'account') {
    const { name, cos, id } = host.account(named);
    return { ...plain, object: name, cos, id };
  }
  const { mailboxes } = host;
  const known = {
    server: [{ id: serverId, name: server }],
    cos: mailboxes.registered('coses'),
    domain: mailboxes.registered('domains'),
  };
  const isNamed = (text: string): boolean => text.toLowerCase() === named.toLowerCase();
  const found = known[scope].find(({ id, name }) => isNamed(name) || isNamed(id));
  if (found === undefined) throw new Refusal(`no such ${scope}: ${named}`);
  return { ...plain, object: found.name.toLowerCase(), id: found.id };
}

/** `<scope> [object] <attribute> …`; no object for global. @throws Usage when there are fewer than `least` behind */
function target({ host, words }: Call, name: string, least: number): { at: Where; rest: string[] } {
  const more = (): Usage => new Usage(`command ${name} requires more parameters`);
  const [first, ...others] = words;
  if (first === undefined) throw more();
  const scope = requireKeyword(first, ...SCOPES) as Scope;
  const [object, ...rest] = scope === 'global' ? ['', ...others] : others;
  if (object === undefined || rest.length < least) throw more();
  return { at: where(host, scope, object), rest };
}

function requireAttribute(host: Host, scope: Scope, name: string): string {
  const found = Object.keys(host.properties.known).find((key) => key.toLowerCase() === name.toLowerCase());
  if (found === undefined || !host.properties.known[found]?.scopes.includes(scope))
    throw new Refusal(`no such attribute of ${scope}: ${name}`);
  return found;
}

/** The path of another server is refused (documented). Whether a missing folder is: synthetic, it is taken. */
function checkValue(host: Host, attribute: string, value: string): void {
  const whole = /Days$|Threshold$|Threads|Level$/.test(attribute) && attribute.startsWith('ZxBackup');
  if (whole && !/^\d+$/.test(value)) throw new Refusal(`${value} is not a valid value of ${attribute}`);
  if (/^ZxBackup_(RealTime|Module|DoSmart)|^backupEnabled$/.test(attribute) && !/^(true|false)$/i.test(value))
    throw new Refusal(`${value} is not a valid value of ${attribute}`);
  if (attribute !== 'ZxBackup_DestPath') return;
  if (!value.startsWith('/')) throw new Refusal(`${value} is not an absolute path`);
  if (!existsSync(join(value, MARKER))) return;
  const { serverId, serverName } = BackupPath.open(resolve(value)).marker;
  if (serverId !== host.settings.serverId)
    throw new Refusal(`${value} is the backup path of another server (${serverName})`);
}

const command = (
  name: string,
  parameters: readonly string[],
  about: string,
  run: (call: Call, at: Where, rest: string[]) => Answer,
): Command => ({
  ...{ module: 'config', name, mandatory: ['scope', '[object]', ...parameters], optional: {}, free: true },
  ...{ output: 'documented', about },
  run: (call) => {
    const { at, rest } = target(call, name, parameters.length);
    return run(call, at, rest);
  },
});

const OK: Answer = { response: { ok: true }, text: 'ok\n' };

const configCommands: readonly Command[] = [
  command(
    'get',
    ['attribute'],
    'One attribute, and whether its value is inherited',
    ({ host }, at, [name = '']) => {
      const attribute = requireAttribute(host, at.scope, name);
      const { value, isInherited } = host.properties.get(at.scope, at.object, attribute, at.cos);
      const modules = [host.properties.known[attribute]?.module];
      const id = at.scope === 'global' ? 'global' : at.id;
      return { response: { [at.scope]: id, values: [{ attribute, value, isInherited, modules }] } };
    },
  ),
  command(
    'set',
    ['attribute', 'value'],
    'Sets an attribute, at once',
    ({ host }, at, [name = '', value = '']) => {
      const attribute = requireAttribute(host, at.scope, name);
      checkValue(host, attribute, value);
      host.properties.set(at.scope, at.object, attribute, value);
      return OK;
    },
  ),
  command('unset', ['attribute'], 'Takes an own value away', ({ host }, at, [name = '']) => {
    host.properties.unset(at.scope, at.object, requireAttribute(host, at.scope, name));
    return OK;
  }),
  command('dump', [], 'Every attribute; [show-inherited false] for own ones only', ({ host }, at, rest) => {
    const inherited = isTrue(rest[0] === 'show-inherited' ? rest[1] : undefined, true);
    const values = Object.entries(host.properties.known)
      .filter(([, { scopes }]) => scopes.includes(at.scope))
      .map(([attribute]) => ({ attribute, ...host.properties.get(at.scope, at.object, attribute, at.cos) }))
      .filter(({ isInherited }) => inherited || !isInherited);
    return { response: { [at.scope]: at.scope === 'global' ? 'global' : at.id, values } };
  }),
];

const SCHEDULERS: Readonly<Record<string, string>> = {
  SmartScan: 'backupSmartScanScheduler',
  purge: 'backupPurgeScheduler',
  coherencyCheck: 'backupCoherencyCheckScheduler',
};

interface Schedule {
  'cron-enabled': boolean;
  'cron-pattern': string;
}

const scheduler: Command = {
  ...{ module: 'backup', name: 'scheduler', mandatory: ['scheduler', 'get|set', 'global|server'] },
  ...{ optional: { enabled: 'bool', pattern: 'text', target_server: 'text' }, output: 'synthetic' },
  about: 'When scans and purges are due; kept, but the stand-in never starts one by itself',
  run: ({ host, values }) => {
    const name = requireKeyword(values['scheduler'], ...Object.keys(SCHEDULERS));
    const action = requireKeyword(values['get|set'], 'get', 'set');
    const scope = requireKeyword(values['global|server'], 'global', 'server') as Scope;
    const attribute = SCHEDULERS[name] ?? '';
    const object = scope === 'global' ? '' : host.settings.host;
    const { value } = host.properties.get(scope, object, attribute);
    const now = JSON.parse(value) as Schedule;
    if (action === 'get')
      return { response: { scheduler: name, enabled: now['cron-enabled'], pattern: now['cron-pattern'] } };
    const { enabled, pattern } = values;
    if (enabled === undefined && pattern === undefined)
      throw new Usage('command scheduler requires more parameters');
    const next = {
      'cron-enabled': isTrue(enabled, now['cron-enabled']),
      'cron-pattern': pattern ?? now['cron-pattern'],
    };
    host.properties.set(scope, object, attribute, JSON.stringify(next));
    return OK;
  },
};

const service = (name: string, about: string, run: (host: Host, service: Service) => string): Command => ({
  ...{ module: 'backup', name, mandatory: ['service_name'], optional: {}, output: 'synthetic', about },
  run: ({ host, values }) => {
    const said = run(host, host.services.named(values['service_name'] ?? ''));
    return { response: { ok: true, message: said }, text: `${said}\n` };
  },
});

export const CONFIG_COMMANDS: readonly Command[] = [
  ...configCommands,
  scheduler,
  {
    ...{ module: 'backup', name: 'getServices', mandatory: [], optional: {}, output: 'documented' },
    about: 'The services and whether they run',
    run: ({ host }) => ({ response: { services: host.services.list() } }),
  },
  service('doStartService', 'Starts a service', (host, one) => {
    host.services.start(one);
    return `service ${one} started`;
  }),
  service('doStopService', 'Stops a service', (host, one) => {
    host.services.stop(one);
    return `service ${one} stopped`;
  }),
  service('doRestartService', 'Stops and starts a service', (host, one) => {
    if (host.services.isRunning(one)) host.services.stop(one);
    host.services.start(one);
    return `service ${one} restarted`;
  }),
];
