/** External Restore of the stand-in host: for real, with its queue, notifications and faults. */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expectedRestore } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';
import { accountInfo, mail } from '../restore/store';
import { CarbonioBench, until } from './carbonio-kit';

type Body = Record<string, { authToken?: unknown }>;

const LONG = `long ${'x'.repeat(10_300)}`;
let bench: CarbonioBench;
beforeEach(() => {
  bench = new CarbonioBench();
});
afterEach(() => bench.remove());

function jane(messages: number): void {
  bench.store.writer.account(
    accountInfo('a1', 'jane@example.com', {
      passwordHash: '{SSHA512}abcd',
      attributes: { zimbraMailQuota: '5000' },
    }),
  );
  for (let i = 0; i < messages; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
}

test('the sample is restored for real; a second run skips all of it', async () => {
  const sample = join(bench.dir, 'sample');
  const facts = makeSample(sample, { items: 200, accounts: 12 });
  const { restored, unsupported, defects, accounts } = expectedRestore(facts);
  await bench.start();
  const first = await bench.carbonio(
    '--sync',
    'backup',
    'doExternalRestore',
    sample,
    'concurrent_accounts',
    '2',
  );
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/operation id: [0-9a-f-]{36}\n/);
  const texts = await bench.texts();
  expect(texts.map((text) => text.split('\n', 1)[0])).toEqual([
    'Carbonio Backup Notification, External Restore started.',
    'Carbonio Backup Notification, External Restore PHASE 1 Feedback.',
    'Carbonio Backup Notification, External Restore completed.',
  ]);
  const end = texts[2] ?? '';
  expect(end).toContain(`Restored Items: ${restored.length + unsupported.length}\nSkipped Items: 0\n`);
  for (const { account, item } of defects)
    expect(end).toContain(`account: ${account}\nunrestored items: ${item}\n`);
  expect((await bench.carbonio('prov', 'gaa')).stdout.trim().split('\n').sort()).toEqual(
    [...accounts].sort(),
  );
  const second = await bench.carbonio('--sync', '--progress', 'backup', 'doExternalRestore', sample);
  expect(second.stdout).toContain(
    ` Skipped Items:                    ${restored.length + unsupported.length}\n`,
  );
  expect(second.stdout).toContain(' Restored Items:                   0\n');
});

test('operations run one after the other, stops take them out, exit codes tell how they ended', async () => {
  jane(3);
  const { setFaults } = await bench.start();
  setFaults([{ kind: 'hold', operation: 'ExternalRestore', at: 'start', milliseconds: 60_000, times: 1 }]);
  const first = await bench.restore();
  const [second, third] = [await bench.restore(), await bench.restore()];
  expect(await bench.names()).toEqual([
    [first, 'Started'],
    [second, 'Queued'],
    [third, 'Queued'],
  ]);
  const waiting = bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source);
  const fourth = await until(async () => (await bench.names())[3]?.[0]);
  // configuration changes do not wait
  expect((await bench.carbonio('config', 'set', 'global', 'ZxBackup_DataRetentionDays', '60')).stdout).toBe(
    'ok\n',
  );
  expect((await bench.carbonio('backup', 'doStopOperation', fourth)).stdout).toBe('ok\n');
  expect((await waiting).code).toBe(3);
  expect((await bench.carbonio('backup', 'doStopOperation', second)).code).toBe(0);
  expect((await bench.carbonio('backup', 'doStopOperation', first)).code).toBe(0);
  await until(async () => (await bench.names()).length === 0);
  const { operationList } = await bench.json('core', 'getOperationLog');
  const states = new Map(operationList.map(({ id, state }) => [id, state]));
  expect([first, second, third].map((id) => states.get(id))).toEqual(['Stopped', 'Removed', 'Successful']);
  expect(bench.subjects('jane@example.com')).toEqual(['m0', 'm1', 'm2']);
  const unknown = await bench.carbonio('--json', 'backup', 'doStopOperation', first);
  expect(unknown.code).toBe(1);
  expect(JSON.parse(unknown.stdout)).toMatchObject({ ok: false, error: { message: expect.any(String) } });
});

test('what is invalid is decided by the configuration of the running server, which an edit alone does not change', async () => {
  jane(1);
  bench.store.message('a1', 400, mail('long', LONG));
  await bench.start({ variant: 'go' });
  const unrestored = async (): Promise<string | undefined> => {
    await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source);
    return /Unrestored Items: (\d+)/.exec((await bench.texts()).at(-1) ?? '')?.[1];
  };
  expect(await unrestored()).toBe('1');
  expect((await bench.zmlocalconfig('-e', 'zimbra_lmtp_validate_messages=false')).code).toBe(0);
  expect(await unrestored()).toBe('1');
  await reload();
  expect(await unrestored()).toBe('0');
  expect(bench.subjects('jane@example.com')).toEqual(['long', 'm0']);

  async function reload(): Promise<void> {
    const { env, admin } = bench.up;
    const password = readFileSync(admin.passwordFile, 'utf8').trim();
    const post = async (context: object, body: object) => {
      const text = JSON.stringify({ Header: { context: { _jsns: 'urn:zimbra', ...context } }, Body: body });
      const answer = await fetch(env['LIFEBOAT_ADMIN_SOAP_URL'] ?? '', { method: 'POST', body: text });
      return { status: answer.status, body: ((await answer.json()) as { Body: Body }).Body };
    };
    const _jsns = 'urn:zimbraAdmin';
    const wrong = await post({}, { AuthRequest: { _jsns, name: admin.name, password: 'wrong' } });
    expect(wrong).toMatchObject({
      status: 422,
      body: {
        Fault: { Detail: { Error: { Code: 'account.AUTH_FAILED' } }, Reason: { Text: expect.any(String) } },
      },
    });
    expect((await post({}, { ReloadLocalConfigRequest: { _jsns } })).status).toBe(422);
    const { body } = await post({}, { AuthRequest: { _jsns, name: admin.name, password } });
    const authToken = body['AuthResponse']?.authToken;
    const answer = await post({ authToken }, { ReloadLocalConfigRequest: { _jsns } });
    expect(answer).toEqual({ status: 200, body: { ReloadLocalConfigResponse: { _jsns } } });
  }
});

test('parameters: which accounts and items, only provisioning, and what a further import resets', async () => {
  const { store } = bench;
  jane(2);
  store.message('a1', 310, mail('large', 'x\r\n'.repeat(2000)));
  store.message('a1', 311, mail('deleted'), { deleted: true });
  store.writer.account(accountInfo('b2', 'bob@example.net'));
  store.message('b2', 300, mail('for bob'));
  store.writer.account(accountInfo('c3', 'galsync@example.com', { system: true }));
  await bench.start();
  const restore = async (...args: string[]): Promise<string> => {
    const { code, stdout } = await bench.carbonio(
      '--sync',
      'backup',
      'doExternalRestore',
      bench.source,
      ...args,
    );
    expect([args, code, stdout]).toEqual([args, 0, expect.any(String)]);
    return (await bench.texts()).at(-1) ?? '';
  };
  const accounts = async (): Promise<string> => (await bench.carbonio('prov', 'gaa')).stdout;
  expect(await restore('provisioning_only', 'true', 'domains', 'example.com')).toContain('Restored Items: 0');
  expect(await accounts()).toBe('jane@example.com\n');
  expect(await restore('accounts', 'a1', 'max_file_size', '5000')).toContain(
    'Restored Items: 2\nSkipped Items: 0',
  );
  expect(bench.subjects('jane@example.com')).toEqual(['m0', 'm1']);
  expect(await restore('accounts', 'a1', 'filter_deleted', 'false')).toContain(
    'Restored Items: 2\nSkipped Items: 2',
  );
  const passwd = join(bench.host, 'mailboxes', 'passwd');
  const changed = (): string => readFileSync(passwd, 'utf8').replace('{SSHA512}abcd', '{SSHA512}changed');
  writeFileSync(passwd, changed());
  await restore('skip_account_provisioning', 'true', 'accounts', 'a1');
  expect(readFileSync(passwd, 'utf8')).toContain('{SSHA512}changed');
  await restore('accounts', 'a1');
  expect(readFileSync(passwd, 'utf8')).toContain('{SSHA512}abcd');
  await restore('skip_system_accounts', 'false');
  expect((await accounts()).split('\n').sort()).toEqual([
    '',
    'bob@example.net',
    'galsync@example.com',
    'jane@example.com',
  ]);
  // an account that is not there and is not to be created: the operation fails, and says why
  store.writer.account(accountInfo('d4', 'new@example.com'));
  const failed = await bench.carbonio(
    '--sync',
    'backup',
    'doExternalRestore',
    bench.source,
    'skip_account_provisioning',
    'true',
  );
  expect(failed.code).toBe(1);
  expect((await bench.texts()).at(-1)).toContain('new@example.com');
});

test('the admin service with TLS: its certificate proves itself', async () => {
  await bench.start({ tls: true });
  const { env } = bench.up;
  const ca = readFileSync(env['LIFEBOAT_ADMIN_CA_FILE'] ?? '');
  const status = (options: object): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const call = request(env['LIFEBOAT_ADMIN_SOAP_URL'] ?? '', { method: 'POST', ...options }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      call.once('error', reject).end('{}');
    });
  expect(await status({ ca })).toBe(422);
  await expect(status({})).rejects.toThrow(/self-signed/);
});
