/** Verifying and fetching a copy, against a real server and a real rsync daemon. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client, WorkflowFailedError } from '@temporalio/client';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import type { FetchOffsiteResult } from '../../src/contracts/fetch-offsite';
import type { VerifyOffsiteResult } from '../../src/contracts/verify-offsite';
import { connect, spawnWorker, type TestWorker } from '../e2e/harness';
import { dangling, describeRsync, Offsite } from '../offsite/kit';
import { hasSshd, SshServer } from '../offsite/sshd';
import { replayAll } from '../replay/replay';

const taskQueue = 'offsite-copy-test';
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
let client: Client;
let worker: TestWorker;
let ground: Offsite;
let url: string;

beforeAll(async () => {
  ground = new Offsite().fill(3, 20);
  worker = spawnWorker({ address, stateDir: ground.stateDir, taskQueue });
  client = await connect(address);
  url = `rsync://127.0.0.1:${(await ground.daemon()).port}/copy`;
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
  await ground.clean();
});
beforeEach(async () => {
  rmSync(ground.copy, { recursive: true, force: true });
  await ground.sync({ allowEmptyDestination: true });
});

let ids = 0;
async function run<T>(type: string, input: object): Promise<T> {
  const workflowId = `${type}-${process.pid}-${ids++}`;
  try {
    return (await client.workflow.execute(type, { taskQueue, workflowId, args: [input] })) as T;
  } catch (error) {
    throw (error as WorkflowFailedError).cause ?? error;
  } finally {
    await replayAll(client, workflowId);
  }
}

const digestOfItem = (account: string, item: number): string =>
  (JSON.parse(readFileSync(join(ground.source, itemPath(account, item)), 'utf8')) as { digest: string }[])[0]
    ?.digest as string;

/** Other content of the same size and time. */
function damage(path: string): void {
  const { size, atime, mtime } = statSync(path);
  writeFileSync(path, Buffer.alloc(size, 1));
  utimesSync(path, atime, mtime);
}

describeRsync('verifyOffsite', () => {
  test.each(['folder', 'daemon'])(
    'of a %s: clean, then a blob that is missing, one that is damaged, one that is cut off',
    async (kind) => {
      const input =
        kind === 'folder' ? { destination: ground.copy } : { destination: url, sourcePath: ground.source };
      const how = kind === 'folder' ? 'read' : 'compared';
      const clean = await run<VerifyOffsiteResult>('verifyOffsite', input);
      expect(clean).toMatchObject({
        status: 'clean',
        how,
        items: 60,
        accounts: 3,
        blobs: 60,
        missing: 0,
        damaged: 0,
      });

      const missing = digestOfItem('a1', 257);
      rmSync(join(ground.copy, blobPath(missing)));
      damage(join(ground.copy, blobPath(digestOfItem('a2', 258))));
      truncateSync(join(ground.copy, blobPath(digestOfItem('a3', 259))), 20);
      const found = await run<VerifyOffsiteResult>('verifyOffsite', input);
      expect(found).toMatchObject({ status: 'findings', missing: 1, damaged: 2 });
      if (kind === 'daemon') {
        expect(readFileSync(join(found.reportDir, 'missing.txt'), 'utf8')).toBe(
          `missing: a1 item:257 names ${blobPath(missing)}\n`,
        );
        expect(readdirSync(found.reportDir).sort()).toEqual(['damaged.txt', 'marker.json', 'missing.txt']);
      }
    },
  );

  test('what is new in the Backup Path is no finding; a sample misses no blob that is not there', async () => {
    ground.store.message('a1', 9000, Buffer.from('Subject: later\r\n\r\n'));
    rmSync(join(ground.copy, blobPath(digestOfItem('a1', 258))));
    const input = { destination: url, sourcePath: ground.source, sample: 10 };
    const found = await run<VerifyOffsiteResult>('verifyOffsite', input);
    expect(found).toMatchObject({ status: 'findings', missing: 1, damaged: 0 });
    expect(found.blobs).toBeLessThan(30);
    rmSync(join(ground.source, itemPath('a1', 9000)));
  });

  test('no copy there; no source to compare with', async () => {
    rmSync(join(ground.copy, 'backup.json'));
    await expect(run('verifyOffsite', { destination: ground.copy })).rejects.toMatchObject({
      type: 'CopyNotFound',
    });
    await expect(run('verifyOffsite', { destination: url })).rejects.toMatchObject({ type: 'InvalidInput' });
  });
});

(hasSshd() ? describe : describe.skip)('behind ssh', () => {
  test('verified, with what is damaged told, and fetched: the same tree', async () => {
    const server = await new SshServer(join(ground.dir, 'ssh')).start();
    try {
      const place = { destination: server.at(ground.copy), ssh: server.options };
      const outputDir = join(ground.dir, 'by-ssh');
      await run<FetchOffsiteResult>('fetchOffsite', { ...place, outputDir });
      expect(differences(outputDir)).toEqual([]);
      damage(join(ground.copy, blobPath(digestOfItem('a2', 258))));
      const input = { ...place, sourcePath: ground.source };
      const found = await run<VerifyOffsiteResult>('verifyOffsite', input);
      expect(found).toMatchObject({ status: 'findings', how: 'compared', items: 60, missing: 0, damaged: 1 });
    } finally {
      await server.stop();
    }
  });
});

/** What differs between the source and a folder that it was fetched to, but for the note of that. */
const differences = (outputDir: string): string[] =>
  ground.differences(outputDir).filter((line) => line !== '*deleting   .lifeboat-fetch.json');

describeRsync('fetchOffsite', () => {
  test('all of it: the same tree', async () => {
    const outputDir = join(ground.dir, 'fetched');
    const result = await run<FetchOffsiteResult>('fetchOffsite', { destination: url, outputDir });
    expect(result).toMatchObject({ status: 'fetched', accounts: null, missing: null });
    expect(result.files).toBeGreaterThan(120);
    expect(differences(outputDir)).toEqual([]);
    // again: nothing to do, and whole again
    const again = await run<FetchOffsiteResult>('fetchOffsite', { destination: url, outputDir });
    expect(again.files).toBe(1);
    expect(differences(outputDir)).toEqual([]);
  });

  test('a copy that grows meanwhile: what is fetched names no blob that was not', async () => {
    const grown = join(ground.dir, 'grow');
    const digest = ground.store.message('a1', 9002, Buffer.from('Subject: grows\r\n\r\n'));
    for (const name of [itemPath('a1', 9002), blobPath(digest)]) {
      mkdirSync(dirname(join(grown, name)), { recursive: true });
      renameSync(join(ground.source, name), join(grown, name));
    }
    const outputDir = join(ground.dir, 'while-it-grows');
    // as soon as one of the two passes, whichever is first, has been
    const began = `while-it-grows/accounts -o -d while-it-grows/items`;
    ground.hook(`if [ -d ${began} ] && [ -d grow ]; then cp -a grow/. copy/ && rm -r grow; fi`);
    const destination = url.replace(/copy$/, 'hooked');
    await run<FetchOffsiteResult>('fetchOffsite', { destination, outputDir });
    expect(existsSync(grown)).toBe(false);
    expect(dangling(outputDir)).toEqual([]);
  });

  test('some accounts with their blobs; one that the copy lacks is told', async () => {
    rmSync(join(ground.copy, blobPath(digestOfItem('a2', 260))));
    const outputDir = join(ground.dir, 'some');
    const input = { destination: url, outputDir, accounts: ['A2@example.com'] };
    const result = await run<FetchOffsiteResult>('fetchOffsite', input);
    expect(result).toMatchObject({ status: 'partial', accounts: 1, missing: 1 });
    expect(readdirSync(join(outputDir, 'accounts'))).toEqual(['a2']);
    expect(existsSync(join(outputDir, 'server'))).toBe(true);
    expect(dangling(outputDir)).toEqual(['a2 260']);
    expect(
      readdirSync(join(outputDir, 'items'), { recursive: true }).filter((name) => String(name).includes('/')),
    ).toHaveLength(19);
    expect(readdirSync(join(ground.stateDir, 'fetches'))).toEqual([]);
  });

  test('the Backup Path and another copy of it are no folder to fetch to: both stay as they are', async () => {
    const other = join(ground.dir, 'other-copy');
    await ground.sync({ destination: other });
    ground.store.message('a1', 9001, Buffer.from('Subject: later\r\n\r\n'));
    for (const outputDir of [ground.source, other]) {
      const before = [readdirSync(outputDir).sort(), statSync(outputDir).mtimeMs];
      await expect(run('fetchOffsite', { destination: url, outputDir })).rejects.toMatchObject({
        type: 'OutputOccupied',
      });
      expect([readdirSync(outputDir).sort(), statSync(outputDir).mtimeMs]).toEqual(before);
    }
    // nor is a folder that was fetched from elsewhere; and the note of a fetch is none of a copy
    const outputDir = join(ground.dir, 'from-other');
    await run<FetchOffsiteResult>('fetchOffsite', { destination: other, outputDir });
    await expect(run('fetchOffsite', { destination: url, outputDir })).rejects.toMatchObject({
      type: 'OutputOccupied',
    });
    const again = join(ground.dir, 'copy-of-fetched');
    await ground.sync({ sourcePath: outputDir, destination: again });
    expect(readdirSync(again).sort()).toEqual(readdirSync(other).sort());
    rmSync(join(ground.source, itemPath('a1', 9001)));
  });

  test('a folder that holds something else, an unknown account', async () => {
    const other = join(ground.dir, 'state');
    await expect(run('fetchOffsite', { destination: url, outputDir: other })).rejects.toMatchObject({
      type: 'OutputOccupied',
    });
    const inside = join(ground.copy, 'x');
    await expect(run('fetchOffsite', { destination: ground.copy, outputDir: inside })).rejects.toMatchObject({
      type: 'SyncOverlap',
    });
    const nobody = {
      destination: url,
      outputDir: join(ground.dir, 'none'),
      accounts: ['nobody@example.com'],
    };
    await expect(run('fetchOffsite', nobody)).rejects.toMatchObject({ type: 'AccountNotFound' });
    expect(existsSync(join(ground.dir, 'none/backup.json'))).toBe(false);
  });
});
