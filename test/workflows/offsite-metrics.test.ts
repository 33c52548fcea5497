/** The age of the newest copy as a metric: a real worker, a real sync, and what a scrape of it shows. */
import { createServer } from 'node:net';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { offsiteSync } from '../../src/workflows';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { describeRsync, freePort, Offsite } from '../offsite/kit';

const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
const taskQueue = `metrics-${Math.random().toString(36).slice(2)}`;
let client: Client;
let ground: Offsite;
let worker: TestWorker | undefined;

beforeAll(async () => {
  client = await connect(address);
});
afterAll(() => client.connection.close());
beforeEach(() => {
  ground = new Offsite().fill(1, 5);
});
afterEach(async () => {
  await worker?.kill();
  await ground.clean();
});

const startWorker = (port: number): TestWorker =>
  spawnWorker({
    ...{ address, taskQueue, stateDir: ground.stateDir },
    env: { LIFEBOAT_METRICS_ADDRESS: `127.0.0.1:${port}` },
  });

/** Null while nothing is served, or not this gauge. */
async function scrape(port: number, gauge: string): Promise<number | null> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const label = `destination="${ground.copy}"`;
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`lifeboat_offsite_copy_${gauge}{`) && one.includes(label));
  return line === undefined ? null : Number(line.split(' ').at(-1));
}

/** The first that is more than `above`. */
async function scraped(port: number, gauge: string, above: number): Promise<number> {
  for (let tries = 0; tries < 600; tries++) {
    const value = await scrape(port, gauge);
    if (value !== null && value > above) return value;
    await sleep(100);
  }
  throw new Error(`no ${gauge} above ${above}`);
}

describeRsync('the metric of offsite copies', () => {
  test('is the time of the newest finished sync, grows, and outlives the worker and a damaged record', async () => {
    const port = await freePort();
    worker = startWorker(port);
    const result = await client.workflow.execute<typeof offsiteSync>('offsiteSync', {
      taskQueue,
      workflowId: `${taskQueue}-sync`,
      args: [{ sourcePath: ground.source, destination: ground.copy }],
    });
    const at = Math.floor(Date.parse(result.lastSuccess ?? '') / 1000);
    expect(await scraped(port, 'timestamp_seconds', 0)).toBe(at);
    const age = await scraped(port, 'age_seconds', -1);
    expect(Math.abs(age - (Date.now() / 1000 - at))).toBeLessThan(60);
    expect(await scraped(port, 'age_seconds', age)).toBeGreaterThan(age);

    await worker.kill();
    worker = startWorker(port);
    expect(await scraped(port, 'timestamp_seconds', 0)).toBe(at);
    const later = await scraped(port, 'age_seconds', age);
    // the record of another copy that cannot be read silences none but that
    mkdirSync(join(ground.stateDir, 'offsite/broken'));
    writeFileSync(join(ground.stateDir, 'offsite/broken/record.json'), '{');
    await worker.kill();
    worker = startWorker(port);
    expect(await scraped(port, 'timestamp_seconds', 0)).toBe(at);
    rmSync(join(ground.stateDir, 'offsite'), { recursive: true });
    writeFileSync(join(ground.stateDir, 'offsite'), 'no folder any more');
    expect(await scraped(port, 'age_seconds', later + 4)).toBeGreaterThan(later + 4);
    expect(await worker.stop()).toBe(0);
  });

  test('an address that is taken ends the worker with what is wrong', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const refused = startWorker(port);
      expect(await new Promise((resolve) => refused.process.once('exit', resolve))).toBe(2);
      expect(readFileSync(`${ground.stateDir}.worker.log`, 'utf8')).toMatch(
        /LIFEBOAT_METRICS_ADDRESS: metrics cannot be served at 127\.0\.0\.1:\d+ \(.*in use/,
      );
    } finally {
      server.close();
    }
  });
});
