import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { join } from 'node:path';

import { freePorts } from '../../src/embedded/ports';
import { root, runNode } from '../ground/run-node';

const address = process.env['LIFEBOAT_TEST_ADDRESS'] ?? '';
const taskQueue = `healthcheck-${process.pid}`;

function check(env: NodeJS.ProcessEnv) {
  return runNode([join(root, 'scripts/healthcheck.mjs')], {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    LIFEBOAT_TASK_QUEUE: taskQueue,
    ...env,
  });
}

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

test('healthy is a worker of this host that asks for work', async () => {
  const before = await check({ LIFEBOAT_HOST: 'mail1' });
  expect(before).toMatchObject({ code: 1, stderr: expect.stringContaining('No worker of mail1') });

  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    identity: 'lifeboat 1@mail1',
    activities: { nothing: () => Promise.resolve() },
  });
  await worker.runUntil(async () => {
    // It asks for work as soon as it runs.
    let outcome = await check({ LIFEBOAT_HOST: 'mail1' });
    for (let i = 0; i < 10 && outcome.code !== 0; i++) outcome = await check({ LIFEBOAT_HOST: 'mail1' });
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await check({ LIFEBOAT_HOST: 'mail2' })).toMatchObject({ code: 1 });
  });
  await connection.close();
});

test('a server that does not answer is named', async () => {
  const [port] = await freePorts(1);
  const outcome = await check({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  expect(outcome).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The Temporal server does not answer/),
  });
});
