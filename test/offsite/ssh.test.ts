/** Copies behind a real sshd: with a key and a known host, and refused without either. */
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OffsiteSyncRequest } from '../../src/contracts/offsite-sync';
import { Problem } from '../../src/failures';
import { mail } from '../restore/store';
import { dangling, hasRsync, Offsite, until } from './kit';
import { hasSshd, SshServer } from './sshd';

let ground: Offsite;
let server: SshServer;
beforeEach(async () => {
  ground = new Offsite().fill(2, 20);
  server = await new SshServer(join(ground.dir, 'ssh')).start();
});
afterEach(async () => {
  await server.stop();
  await ground.clean();
});

const over = (ssh: OffsiteSyncRequest['ssh'] = {}): Partial<OffsiteSyncRequest> => ({
  destination: server.at(ground.copy),
  ssh: { ...server.options, ...ssh },
  maxDeletions: { percent: 100 },
});

async function refusal(change: Partial<OffsiteSyncRequest>): Promise<Problem> {
  const error: unknown = await ground.sync(change).catch((cause: unknown) => cause);
  if (error instanceof Problem) return error;
  throw new Error(`it was not refused: ${String(error)}`);
}

(hasRsync && hasSshd() ? describe : describe.skip)('over ssh', () => {
  test('first copy, changes and deletions: the same tree', async () => {
    await ground.sync(over());
    expect(ground.differences()).toEqual([]);
    ground.store.message('a1', 900, mail('new'));
    rmSync(join(ground.source, 'accounts/a2'), { recursive: true });
    const { passes } = await ground.sync({ ...over(), delete: 'now' });
    expect(passes.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(20 + 20 + 1 + 2);
    expect(dangling(ground.copy)).toEqual([]);
    expect(ground.differences()).toEqual([]);
  });

  test('a host with another key, one that is not known, a key that is not taken: refused, nobody is asked', async () => {
    const other = server.trust('other_hosts', server.key('other'));
    expect(await refusal(over({ knownHostsFile: other }))).toMatchObject({
      type: 'SyncRefused',
      message: expect.stringMatching(/Host key verification failed/),
    });
    writeFileSync(join(server.dir, 'none'), '');
    expect((await refusal(over({ knownHostsFile: join(server.dir, 'none') }))).type).toBe('SyncRefused');
    expect(await refusal(over({ keyFile: join(server.dir, 'other') }))).toMatchObject({
      type: 'SyncRefused',
      message: expect.stringMatching(/Permission denied/),
    });
    expect((await refusal(over({ keyFile: join(server.dir, 'missing') }))).type).not.toBe('SyncInterrupted');
    chmodSync(server.options.keyFile, 0o644);
    expect((await refusal(over())).type).not.toBe('SyncInterrupted');
    expect(existsSync(ground.copy)).toBe(false);
  });

  test('nobody at home is an outage; a session that is killed in the middle too, and the next sync ends it', async () => {
    writeFileSync(join(ground.source, 'items/large'), Buffer.alloc(20_000_000, 1));
    const slow = ground.sync({ ...over(), bandwidthLimit: 8000 }).catch((error: unknown) => error);
    await until(() => ground.arriving() > 2_000_000);
    await server.kill();
    expect(await slow).toMatchObject({ type: 'SyncInterrupted' });
    expect(dangling(ground.copy)).toEqual([]);
    expect((await refusal(over())).type).toBe('SyncInterrupted');
    await server.start();
    await ground.sync({ ...over(), delete: 'now' });
    expect(ground.differences()).toEqual([]);
    expect(readdirSync(join(ground.copy, 'items'))).not.toContain('.rsync-partial');
  });
});
