/** Bad days of the stand-in host: crashes, vanished operations, garbled answers, and what is left behind. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../src/host/process-identity';
import { accountInfo, mail } from '../restore/store';
import { CarbonioBench, until } from './carbonio-kit';

let bench: CarbonioBench;
beforeEach(() => {
  bench = new CarbonioBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
});
afterEach(() => bench.remove());

function messages(count: number): void {
  for (let i = 0; i < count; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
}

test('a crash in the middle: what ran is interrupted, what waited is lost, a new run completes it without a double', async () => {
  messages(700);
  await bench.start();
  bench.up.setFaults([{ kind: 'crash', operation: 'ExternalRestore', at: 'items', times: 1 }]);
  const id = await bench.restore().catch(() => '');
  await bench.up.ended();
  const down = await bench.carbonio('backup', 'getAllOperations');
  expect(down).toMatchObject({ code: 1, stdout: 'Unable to communicate with server\n' });
  const half = bench.subjects('jane@example.com').length;
  expect(half).toBeGreaterThan(0);
  expect(half).toBeLessThan(700);
  await bench.up.restart();
  expect(await bench.names()).toEqual([]);
  const unfinished = await bench.json('core', 'getUnfinishedOperationLog');
  expect(unfinished.operationList).toEqual([
    expect.objectContaining({ state: 'Interrupted', name: 'ExternalRestore' }),
  ]);
  if (id !== '') expect(unfinished.operationList[0]?.id).toBe(id);
  const texts = await bench.texts();
  expect(texts.at(-1)).toContain('Operation External Restore Interrupted.');
  expect((await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source)).code).toBe(0);
  const end = (await bench.texts()).at(-1) ?? '';
  const [restored, skipped] = [/Restored Items: (\d+)/, /Skipped Items: (\d+)/].map((label) =>
    Number(label.exec(end)?.[1]),
  );
  expect((restored ?? 0) + (skipped ?? 0)).toBe(700);
  expect(skipped).toBeGreaterThanOrEqual(half);
  expect(new Set(bench.subjects('jane@example.com')).size).toBe(700);
  expect(bench.subjects('jane@example.com')).toHaveLength(700);
});

test('SIGKILL of the daemon: the queue is lost, its settings stay', async () => {
  messages(1);
  await bench.start();
  bench.up.setFaults([{ kind: 'hold', at: 'start', milliseconds: 60_000, times: 1 }]);
  const ids = [await bench.restore(), await bench.restore()];
  await bench.carbonio('config', 'set', 'global', 'ZxBackup_DataRetentionDays', '7');
  const { env } = bench.up;
  await bench.up.kill();
  await bench.up.restart();
  expect(bench.up.env).toEqual(env);
  expect(await bench.names()).toEqual([]);
  const { operationList } = await bench.json('core', 'getUnfinishedOperationLog');
  expect(operationList.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  const { stdout } = await bench.carbonio('config', 'get', 'global', 'ZxBackup_DataRetentionDays');
  expect(stdout).toMatch(/^ {8}value {55}7$/m);
});

test('an operation that vanishes leaves no trace', async () => {
  messages(1);
  await bench.start();
  bench.up.setFaults([{ kind: 'vanish', at: 'end', times: 1 }]);
  const id = await bench.restore();
  await until(async () => (await bench.names()).length === 0);
  const logs = [
    await bench.json('core', 'getOperationLog'),
    await bench.json('core', 'getUnfinishedOperationLog'),
  ];
  expect(JSON.stringify(logs)).not.toContain(id);
  expect((await bench.texts()).filter((text) => /completed|Interrupted/.test(text))).toEqual([]);
});

test('garbled, slow and failing answers come as often as they are ordered', async () => {
  await bench.start();
  const command = 'backup getAllOperations';
  bench.up.setFaults([
    { kind: 'garble', command, times: 1 },
    { kind: 'slow', command, milliseconds: 500, times: 1 },
    { kind: 'exit', command, code: 7, times: 1 },
    { kind: 'garble', command: 'core getNotification', text: 'java.lang.OutOfMemoryError\n', times: 1 },
  ]);
  const began = Date.now();
  const first = await bench.carbonio('--json', 'backup', 'getAllOperations');
  expect(Date.now() - began).toBeGreaterThanOrEqual(500);
  expect(first.code).toBe(7);
  expect(() => JSON.parse(first.stdout) as unknown).toThrow();
  expect((await bench.carbonio('--json', 'core', 'getNotification')).stdout).toBe(
    'java.lang.OutOfMemoryError\n',
  );
  const second = await bench.carbonio('--json', 'BACKUP', 'getalloperations');
  expect([second.code, JSON.parse(second.stdout)]).toEqual([
    0,
    { response: { operationList: [], realTimeScanOperations: 0 }, ok: true },
  ]);
});

test('a stop that is ignored shows as Stopping and the work goes on', async () => {
  messages(2);
  await bench.start();
  bench.up.setFaults([
    { kind: 'hold', at: 'start', milliseconds: 800, times: 1 },
    { kind: 'stop-ignored', times: 1 },
  ]);
  const id = await bench.restore();
  expect((await bench.carbonio('backup', 'doStopOperation', id)).code).toBe(0);
  expect(await bench.names()).toEqual([[id, 'Stopping']]);
  await until(async () => (await bench.names()).length === 0);
  expect(bench.subjects('jane@example.com')).toEqual(['m0', 'm1']);
});

test('with a lowered level no start and end is told, a crash is', async () => {
  messages(1);
  await bench.start();
  await bench.carbonio('config', 'set', 'global', 'ZxCore_NotificationLevel', 'Warning');
  expect((await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source)).code).toBe(0);
  expect(await bench.texts()).toEqual([]);
});

test('who waits for an operation while the daemon dies is told that it is gone; a second daemon is refused', async () => {
  messages(1);
  await bench.start();
  await expect(bench.start()).rejects.toThrow(/Another daemon/);
  bench.up.setFaults([
    { kind: 'hold', at: 'phase1', milliseconds: 500, times: 1 },
    { kind: 'crash', at: 'phase1', times: 1 },
  ]);
  const waiting = await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source);
  expect(waiting.stdout).toMatch(/^operation id: [^]*Unable to communicate with server\n$/);
  expect(waiting.code).toBe(1);
});

test('who is not zextras is refused', async () => {
  await bench.start({ zextrasUid: 998 });
  expect(await bench.as(0, 'carbonio', 'backup', 'getAllOperations')).toMatchObject({ code: 1, stdout: '' });
  expect((await bench.as(998, 'carbonio', 'backup', 'getAllOperations')).code).toBe(0);
});

test('the daemon ends when who started it is killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-stand-in-'));
  const program = join(__dirname, '../../dist/embedded/carbonio/start.js');
  const script = `require(${JSON.stringify(program)}).startStandIn({dir: ${JSON.stringify(dir)}}).then(({pids}) => console.log(pids[0]))`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
  );
  const daemon = identify(pid);
  expect(daemon).toBeDefined();
  parent.kill('SIGKILL');
  await until(() => identify(pid)?.startTime !== daemon?.startTime);
  rmSync(dir, { recursive: true });
});
