/** The store of one mailbox is away while the server answers: nobody else waits for it. */
import type { StandIn } from '../../src/embedded/carbonio/start';
import type { RestoreRequest } from '../../src/restore/request';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from '../restore/bench';
import { accountInfo } from '../restore/store';
import { problemOf } from './helpers';
import { userName } from './servers/kit';
import { readAccount, readBox, standInFor, targetUrl } from './servers/stand-in';

let bench: RestoreBench;
let standIn: StandIn;
beforeEach(async () => {
  bench = new RestoreBench();
  standIn = await standInFor(bench);
});
afterEach(async () => {
  await standIn.stop();
  bench.remove();
});

test('a signature of a mailbox whose store is away is left out by name; the account is made, and the others', async () => {
  const signatures = ['S', 'T'].map((name) => ({ name, html: `<b>${name}</b>` }));
  for (const number of [1, 2])
    bench.store.writer.account(accountInfo(`acc-${number}`, userName(number), { signatures }));
  const proxyError = { at: 'before', does: 'fault', code: 'service.PROXY_ERROR' } as const;
  standIn.setFaults([{ kind: 'soap', request: 'CreateSignature', account: userName(1), ...proxyError }]);
  const { report } = await bench.restore({ target: targetUrl(standIn), provisioningOnly: true });
  expect(report.notes.filter((text) => text.includes('signature'))).toEqual(
    ['S', 'T'].map((name): unknown =>
      expect.stringMatching(
        new RegExp(`^user1@example\\.com is without the signature "${name}": .*PROXY_ERROR`),
      ),
    ),
  );
  const of = [1, 2].map((number) => readAccount(standIn, userName(number)));
  expect(of).toMatchObject([
    { signatures: [], attributes: {} },
    { signatures, attributes: {} },
  ]);
});

test('shares of a mailbox whose store is away: others get theirs, and it is left without in the end', async () => {
  const shares = [{ folderId: 2, grantee: 'boss@example.com', rights: 'r' }];
  for (const number of [1, 2, 3]) {
    bench.store.writer.account(accountInfo(`acc-${number}`, userName(number), { shares }));
  }
  const { settings } = bench;
  const quiet = { progress: () => undefined, stopRequested: () => false };
  const extras = (request: RestoreRequest) => TASKS.extras({ request, settings }, quiet);
  const grants = (number: number) =>
    readBox(standIn, userName(number)).folders.flatMap((folder) => folder.grants);
  const proxyError = { at: 'before', does: 'fault', code: 'service.PROXY_ERROR' } as const;
  const away = { kind: 'soap', request: 'FolderAction', account: userName(1), ...proxyError } as const;
  const begin = async (patienceSeconds: number): Promise<RestoreRequest> => {
    const request = await bench.begin({ target: targetUrl(standIn), advanced: { patienceSeconds } });
    await bench.slice(request);
    return request;
  };
  const patient = await begin(3600);
  standIn.setFaults([away]);
  const problem = await problemOf(() => extras(patient));
  expect([problem.type, problem.message]).toEqual([
    'TargetUnavailable',
    expect.stringContaining(`The mailbox of ${userName(1)}`),
  ]);
  expect([1, 2, 3].map((number) => grants(number).length)).toEqual([0, 1, 1]);
  const hasty = await begin(0);
  expect(await extras(hasty)).toBe(true);
  const { report } = await bench.report(hasty);
  expect(report.accounts[userName(1)]?.notes.map(({ text }) => text)).toEqual([
    expect.stringMatching(
      /^Its shares and data sources are not restored\. The mailbox of user1.*PROXY_ERROR/,
    ),
  ]);
  standIn.setFaults([]);
  expect(await extras(patient)).toBe(true);
  expect(grants(1)).toHaveLength(1);
  expect((await bench.report(patient)).report.accounts[userName(1)]?.notes ?? []).toEqual([]);
});
