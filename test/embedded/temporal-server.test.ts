import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';

import { isAlive } from '../../src/host/process-identity';
import { startServer, type TemporalServer } from '../../src/embedded/temporal-server';

let dir: string;
let running: TemporalServer[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-server-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(dir, { recursive: true, force: true });
});

async function start(extra: Partial<Parameters<typeof startServer>[0]> = {}): Promise<TemporalServer> {
  const server = await startServer({
    dbFile: join(dir, 'temporal.db'),
    logFile: join(dir, 'temporal.log'),
    ...extra,
  });
  running.push(server);
  return server;
}

/** Starts a workflow that nobody works on; returns its run id. */
async function leaveWorkflow(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const handle = await client.workflow.start('nothing', { workflowId: 'w', taskQueue: 'nobody' });
  await connection.close();
  return handle.firstExecutionRunId;
}

async function runIdOf(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  const { runId } = await new Client({ connection }).workflow.getHandle('w').describe();
  await connection.close();
  return runId;
}

test('starts, keeps its database over a stop, and stops for good', async () => {
  const first = await start({ searchAttributes: { LifeboatTest: 'Keyword' } });
  const runId = await leaveWorkflow(first.address);
  const page = await fetch(first.uiUrl);
  expect(page.status).toBe(200);
  await first.stop();
  expect(isAlive(first.process)).toBe(false);

  const second = await start({ searchAttributes: { LifeboatTest: 'Keyword' }, fast: true });
  expect(await runIdOf(second.address)).toBe(runId);
  await second.stop();
  await second.stop();
});

test('keeps what it has confirmed over a SIGKILL', async () => {
  const first = await start();
  const runId = await leaveWorkflow(first.address);
  process.kill(first.process.pid, 'SIGKILL');
  await first.stop();

  const second = await start();
  expect(await runIdOf(second.address)).toBe(runId);
});

test('refuses a second server on the same database and names the first', async () => {
  const first = await start();
  await expect(start()).rejects.toMatchObject({
    type: 'ServerUnreachable',
    message: expect.stringContaining(`process ${first.process.pid}`),
  });
});

test('says why the server ended early, from its log of this start', async () => {
  writeFileSync(join(dir, 'temporal.log'), 'an old line\n');
  writeFileSync(
    join(dir, 'temporal.db'),
    'this is no database at all, but a text of some length\n'.repeat(50),
  );
  const failure = await start().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type: 'ServerUnreachable',
    message: expect.stringMatching(/not a database/),
  });
  expect(failure).not.toMatchObject({ message: expect.stringContaining('an old line') });
  expect(readFileSync(join(dir, 'temporal.log'), 'utf8')).toContain('an old line');
});

test('says so when the wanted port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  try {
    await expect(start({ port })).rejects.toMatchObject({
      type: 'ServerUnreachable',
      message: expect.stringContaining(`Port ${port} `),
    });
  } finally {
    other.close();
  }
});
