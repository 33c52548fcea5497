/** `lifeboat targets check` of a Carbonio server: it tries what a restore needs, and says what does not work. */
import type { StandIn } from '../../src/embedded/carbonio/start';
import { run, type Ended } from '../client/cli';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { userName } from './servers/kit';
import { CuttingProxy, Tap } from './servers/proxy';
import { boxLines, readBox, standInFor, targetUrl } from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn;
let proxy: CuttingProxy;
let target: string;
/** What the check sends. */
let tap: Tap;
beforeEach(async () => {
  bench = new RestoreBench();
  standIn = await standInFor(bench);
  proxy = new CuttingProxy(standIn.settings.soapPort);
  tap = new Tap(proxy);
  target = targetUrl(standIn, '', await proxy.start());
});
afterEach(async () => {
  await proxy.stop();
  await standIn.stop();
  bench.remove();
});

/** Restored past the proxy: that counts the check alone. */
async function addAccount(attributes: Record<string, string> = {}): Promise<void> {
  bench.store.writer.account(accountInfo('acc-1', userName(1), { attributes }));
  bench.store.message('acc-1', 1000, mail('one'));
  await bench.restore({ target: targetUrl(standIn) });
}

const check = (account = userName(1), ...more: string[]): Promise<Ended> =>
  run(['targets', 'check', target, '--account', account, ...more], {
    LIFEBOAT_SECRETS_DIR: bench.settings.secretsDir ?? '',
  });
/** What came to the mailbox, in order; logins and questions are left out. */
const changes = (): string[] =>
  [
    ...tap.sent.matchAll(
      /"((?:Create|Add|Folder|Item|Msg|Contact|Import|Save|Send)\w*)Request"|POST \/service\/(upload)/g,
    ),
  ].map(([, request, upload]) => request ?? upload ?? '');
const mailbox = (): unknown => ({
  folders: readBox(standIn, userName(1)).folders.map(({ name }) => name),
  items: boxLines(standIn, userName(1)),
});

test('messages are put into a folder of its own, are read, and all is removed', async () => {
  await addAccount();
  const before = mailbox();
  const { code, stdout, stderr } = await check(userName(1), '--json');
  expect([code, stderr]).toEqual([0, '']);
  const told = JSON.parse(stdout) as { folder: string };
  expect(told).toMatchObject({ ok: true, account: userName(1) });
  expect(told.folder).toMatch(/^lifeboat-check-[0-9a-f]{12}$/);
  expect(stdout).toContain('version=stand-in');
  // one message within its request, one that is uploaded
  expect(changes()).toEqual(['CreateFolder', 'AddMsg', 'upload', 'AddMsg', 'FolderAction']);
  expect(tap.sent).toContain(`"name":"${told.folder}"`);
  expect(tap.sent).toMatch(/"op":"delete"/);
  expect(mailbox()).toEqual(before);
}, 30_000);

test('a mailbox that is full', async () => {
  // what is in it fits, and nothing more
  await addAccount({ zimbraMailQuota: String(mail('one').length) });
  const before = mailbox();
  const { code, stdout, stderr } = await check();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/refuses AddMsg: mailbox exceeded quota \(mail\.QUOTA_EXCEEDED\)/);
  expect(changes()).toEqual(['CreateFolder', 'AddMsg', 'FolderAction']);
  expect(mailbox()).toEqual(before);
}, 30_000);

test.each([
  [
    'refuses messages that are uploaded',
    (text: string) => text.replace('POST /service/upload', 'POST /service/uploax'),
    /answers to upload with HTTP status 404/,
  ],
  [
    'keeps another message than it took',
    (text: string) => text.replace('tries this mailbox', 'tries that mailbox'),
    /The message that was put into \S*lifeboat-check-[0-9a-f]{12} does not come back as it was/,
  ],
])(
  'a server that %s',
  async (_, change, reason) => {
    await addAccount();
    const before = mailbox();
    tap.change = change;
    const { code, stdout, stderr } = await check();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
    expect(mailbox()).toEqual(before);
  },
  30_000,
);

test('a server that makes no folder, and an account that it does not have', async () => {
  await addAccount();
  standIn.setFaults([
    { kind: 'soap', request: 'CreateFolder', at: 'before', does: 'fault', code: 'service.PERM_DENIED' },
  ]);
  const refused = await check();
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(/refuses CreateFolder: .*PERM_DENIED/);
  const nobody = await check('nobody@example.com');
  expect([nobody.code, nobody.stdout]).toEqual([1, '']);
  expect(nobody.stderr).toMatch(/no such account/);
}, 30_000);
