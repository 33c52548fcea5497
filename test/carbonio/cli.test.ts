import { wordsOf } from '../../src/carbonio/cli/words';
import { getAvailableAccounts, getItem, getServerConfig } from '../../src/carbonio/cli/inspect';
import { getNotification, getNotifications } from '../../src/carbonio/cli/notifications';
import * as operations from '../../src/carbonio/cli/operations';
import * as settings from '../../src/carbonio/cli/settings';
import type { CommandValues } from '../../src/carbonio/cli/commands';
import { cliPrinting, cliThat, failure } from './kit';

const ID = '0b3a5a2e-8c1d-4c6e-9b71-2f0f5a1f3c11';
const OTHER = '11111111-2222-4333-8444-555555555555';
const entry = {
  id: ID,
  module: 'ZxBackup',
  name: 'SmartScan',
  state: 'Started',
  startTime: 1,
  queuedTime: 1,
};
const list = { operationList: [entry], realTimeScanOperations: 3 };

test.each([
  ['of one server', { response: list }],
  ['of one server that says ok', { response: list, ok: true }],
  [
    'nested per host',
    { response: { 'mail.example.com': { response: list, ok: true } }, nested: true, ok: true },
  ],
])('the list of operations, %s', async (_, json) => {
  const { operations: found, realTimeScanOperations } = await operations.getAllOperations(cliPrinting(json));
  expect(found).toMatchObject([{ id: ID, state: 'Started', parameters: {} }]);
  expect(realTimeScanOperations).toBe(3);
});

test('lines before the JSON are passed over', async () => {
  const text = `Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n${JSON.stringify({ response: list, ok: true })}\n`;
  expect((await operations.getAllOperations(cliPrinting(text))).operations).toHaveLength(1);
});

test.each<[string, unknown, number, string]>([
  ['an error', { ok: false, error: { message: 'no such thing' } }, 0, 'CommandFailed'],
  [
    'an error of one host',
    { response: { h: { ok: false, error: { message: 'x' } }, i: { ok: true, response: list } } },
    0,
    'CommandFailed',
  ],
  ['a server that is down', 'Unable to communicate with server mail.example.com', 1, 'HostUnavailable'],
  [
    'a server that is down, in JSON',
    { ok: false, error: { message: 'Unable to communicate with server' } },
    0,
    'HostUnavailable',
  ],
  ['a missing parameter', 'command getAllOperations requires more parameters\n\nhelp', 0, 'CommandFailed'],
  ['an exit status', 'what?', 9, 'CommandFailed'],
  ['JSON cut short', '{"response":{"operationList":[', 0, 'UnknownOutput'],
  ['garbage', '\u0000\u0001\ufffd{{{', 0, 'UnknownOutput'],
  ['nothing', '', 0, 'UnknownOutput'],
  ['text', `Operation ${ID} Started`, 0, 'UnknownOutput'],
  ['other JSON', { ok: true, response: { operations: [] } }, 0, 'UnknownOutput'],
  ['no host at all', { ok: true, nested: true, response: {} }, 0, 'UnknownOutput'],
  [
    'an entry without an id',
    { ok: true, response: { operationList: [{ ...entry, id: 'x' }] } },
    0,
    'UnknownOutput',
  ],
  [
    'an entry without a state',
    { ok: true, response: { operationList: [{ ...entry, state: undefined }] } },
    0,
    'UnknownOutput',
  ],
])('%s instead of the list is a failure', async (_, output, code, type) => {
  expect((await failure(operations.getAllOperations(cliPrinting(output, code)))).type).toBe(type);
});

const restore = {
  source_path: '/mnt/old',
  accounts: [OTHER],
  provisioning_only: true,
  concurrent_accounts: 5,
};

test.each<[string, unknown, string | undefined]>([
  ['as a member', { ok: true, response: { operationId: ID } }, ID],
  ['as a member, per host', { ok: true, response: { h: { ok: true, response: { operationId: ID } } } }, ID],
  ['in text, named', `Server ${OTHER.replace('1', '2')}\nOperation Id: ${ID.toUpperCase()}\n`, ID],
  ['in the monitor command', `Use: carbonio backup monitor ${ID}`, ID],
  ['as the first that was not given', `Restoring ${OTHER}: queued as ${ID}`, ID],
  ['not at all', 'queued', undefined],
  ['not at all but that of the account', `Restoring ${OTHER}`, undefined],
])('a start names its operation %s', async (_, output, expected) => {
  const started = await operations.startOperation(cliPrinting(output), 'doExternalRestore', restore);
  expect(started.operationId).toBe(expected);
});

test('the words of a call, in their places', async () => {
  const cli = cliThat(`process.stdout.write('${ID} ' + args.join('|'))`);
  const { answer } = await operations.startOperation(cli, 'doExternalRestore', restore, {
    host: 'mail.example.com',
  });
  expect(answer).toBe(
    `${ID} --host|mail.example.com|--json|backup|doExternalRestore|/mnt/old|accounts|${OTHER}|provisioning_only|true|concurrent_accounts|5`,
  );
  expect(wordsOf('doSmartScan', { deep: true })).toEqual(['backup', 'doSmartScan', 'start', 'deep', 'true']);
});

test.each<[string, Record<string, unknown>]>([
  ['source_path', {}],
  ['source_path', { source_path: '--sync' }],
  ['source_path', { source_path: '' }],
  ['source_path', { source_path: 'a\nb' }],
  ['accounts', { source_path: '/a', accounts: [] }],
  ['accounts', { source_path: '/a', accounts: ['a,b'] }],
  ['accounts', { source_path: '/a', accounts: ['-x'] }],
  ['skip_coses', { source_path: '/a', skip_coses: 'yes' }],
  ['concurrent_accounts', { source_path: '/a', concurrent_accounts: -1 }],
  ['constructor', { source_path: '/a', constructor: 'x' }],
])('a wrong %s is named and nothing is run', async (parameter, values) => {
  const problem = await failure(() =>
    wordsOf('doExternalRestore', values as CommandValues<'doExternalRestore'>),
  );
  expect(problem.type).toBe('InvalidInput');
  expect(problem.message).toContain(parameter);
});

test.each([
  [0, 'successful'],
  [1, 'failed'],
  [2, 'stopped'],
  [3, 'removed'],
  [4, 'interrupted'],
])('--sync that ends with %d: %s', async (code, end) => {
  const cli = cliThat(`process.exitCode = ${code}; process.stdout.write(args[0] + ' ${ID}')`);
  const ended = await operations.runOperation(cli, 'doPurge', {}, { timeoutMs: 20_000 });
  expect(ended).toMatchObject({ end, operationId: ID, answer: `--sync ${ID}` });
});

test('other statuses of --sync, and errors in words, are no ends', async () => {
  const run = (output: string, code: number) =>
    failure(operations.runOperation(cliPrinting(output, code), 'doPurge', {}, { timeoutMs: 20_000 }));
  expect((await run('', 5)).type).toBe('UnknownOutput');
  expect((await run('command doPurge requires more parameters', 0)).type).toBe('CommandFailed');
  expect((await run('Unable to communicate with server', 0)).type).toBe('HostUnavailable');
});

test('stopping is done only when it is said', async () => {
  await operations.doStopOperation(cliPrinting({ response: { h: { ok: true } } }), ID);
  await operations.doStopAllOperations(cliPrinting('ok\n'));
  for (const answer of ['okay', '', { response: {} }, { response: 'x' }]) {
    expect((await failure(operations.doStopOperation(cliPrinting(answer), ID))).type).toBe('UnknownOutput');
  }
  expect((await failure(operations.doStopOperation(cliPrinting('ok'), 'x; id'))).type).toBe('InvalidInput');
});

test('monitor takes one block of an output that does not end', async () => {
  const cli = cliThat(`setInterval(() => console.log(' --\\n Account scanned:      2/4'), 50)`);
  expect(await operations.monitor(cli, ID)).toEqual({ 'Account scanned': [2, 4] });
  expect((await failure(operations.monitor(cliPrinting('no such operation'), ID))).type).toBe(
    'UnknownOutput',
  );
});

const CONFIG = `server                                              ${OTHER}
values
        attribute                                                   ZxBackup_DestPath
        value                                                       /opt/zextras/backup/my backup/
        isInherited                                                 false
        modules
                ZxBackup
`;

test('a setting as text and as JSON', async () => {
  const server = { scope: 'server', name: 'mail.example.com' } as const;
  const expected = { value: '/opt/zextras/backup/my backup/', inherited: false };
  const forms = [
    CONFIG,
    {
      ok: true,
      response: { values: [{ value: expected.value, isInherited: false, attribute: 'ZxBackup_DestPath' }] },
    },
    {
      ok: true,
      response: { attributes: { ZxBackup_DestPath: { value: expected.value, isInherited: false } } },
    },
  ];
  for (const form of forms) {
    expect(await settings.getConfig(cliPrinting(form), server, 'ZxBackup_DestPath')).toEqual(expected);
  }
  for (const form of [CONFIG.replace(/.*value .*\n/, ''), CONFIG.replace('DestPath', 'Other'), 'ok']) {
    const problem = await failure(settings.getConfig(cliPrinting(form), server, 'ZxBackup_DestPath'));
    expect(problem.type).toBe('UnknownOutput');
  }
  await settings.setConfig(cliPrinting('ok'), { scope: 'global' }, 'ZxCore_LogLevel', '1');
  const refused = settings.setConfig(cliPrinting('no'), { scope: 'global' }, 'ZxCore_LogLevel', '1');
  expect((await failure(refused)).type).toBe('UnknownOutput');
});

test('services and schedules', async () => {
  const text = `module\n        could_start                 false\n        could_stop                  true\n        running                     true\n`;
  expect(await settings.getServices(cliPrinting(text))).toEqual([
    { name: 'module', running: true, couldStart: false, couldStop: true, couldNotStartBecause: null },
  ]);
  expect(
    (
      await failure(
        settings.getServices(
          cliPrinting(text.replace('true\n', 'maybe\n').replace(/running.*/, 'running   maybe')),
        ),
      )
    ).type,
  ).toBe('UnknownOutput');
  await settings.doStopService(cliPrinting('service stopped\n'), 'module');
  expect(
    (await failure(settings.doStopService(cliPrinting('service could not be stopped'), 'module'))).type,
  ).toBe('UnknownOutput');
  const schedule = { ok: true, response: { 'cron-enabled': true, 'cron-pattern': '0 4 * * *' } };
  expect(await settings.getSchedule(cliPrinting(schedule), 'SmartScan', { scope: 'global' })).toEqual({
    enabled: true,
    pattern: '0 4 * * *',
  });
});

test('items, accounts and server configuration', async () => {
  const item = `itemStates\n\n        start date                  01/03/2026 10:00:00\n        type                        message\n        deleted                     false\n        blob path /b/items/c0/c0=\n`;
  expect(await getItem(cliPrinting(item), 'a@b.c', '257')).toEqual([
    { startDate: '01/03/2026 10:00:00', type: 'message', deleted: false, blobPath: '/b/items/c0/c0=' },
  ]);
  expect((await failure(getItem(cliPrinting('itemStates\n'), 'a@b.c', '257'))).type).toBe('UnknownOutput');
  const both = [{ id: ID, name: 'a@b.c' }];
  const forms = [
    `accounts\n  a@b.c   ${ID}\n`,
    { ok: true, response: { accounts: both } },
    { ok: true, response: { [ID]: 'a@b.c' } },
  ];
  for (const form of forms) expect(await getAvailableAccounts(cliPrinting(form))).toEqual(both);
  expect((await failure(getAvailableAccounts(cliPrinting(`a@b.c d@e.f\n`)))).type).toBe('UnknownOutput');
  expect((await failure(getAvailableAccounts(cliPrinting('')))).type).toBe('UnknownOutput');
  const line = `mail.example.com${'_'.repeat(40)}x_y`;
  expect((await getServerConfig(cliPrinting(line))).entries).toEqual([
    { id: 'mail.example.com', value: 'x_y' },
  ]);
});

test('notifications', async () => {
  const text = `Subject: x, External Restore completed.\nOperation External Restore Completed.\nOperation Id: ${ID}\n`;
  expect(await getNotification(cliPrinting(text), '7')).toMatchObject({
    id: '7',
    phase: 'ended',
    operationId: ID,
  });
  const json = { ok: true, response: { notifications: [{ id: 7, subject: 'x', text }] } };
  expect(await getNotifications(cliPrinting(json))).toMatchObject([
    { id: '7', phase: 'ended', operationId: ID },
  ]);
  expect(await getNotifications(cliPrinting({ ok: true, response: { notifications: [] } }))).toEqual([]);
  for (const odd of ['no notifications', { ok: true, response: 'x' }]) {
    expect((await failure(getNotifications(cliPrinting(odd)))).type).toBe('UnknownOutput');
  }
});
