/** A command that changes a setting and outlives the killed worker that started it: it must not write after the way back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesWithOpen } from '../../src/host/file-lock';
import { endProcess, identify, isAlive, type ProcessIdentity } from '../../src/host/process-identity';
import { start } from '../client/cli';
import { CarbonioBench, until } from '../embedded/carbonio-kit';

const LIMIT = 'zimbra_lmtp_max_line_length';
const MAILBOX = 'probe@example.com';

/** The real command, which waits before it writes until the test says so. Its pid stands in the file `writing`. */
const GATED = `
const fs = require('node:fs');
const { spawn } = require('node:child_process');
const [dir, program, ...rest] = process.argv.slice(2);
const go = () => spawn(program, rest, { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
if (!rest.includes('-e')) go();
else {
  fs.writeFileSync(dir + '/writing.new', String(process.pid));
  fs.renameSync(dir + '/writing.new', dir + '/writing');
  const timer = setInterval(() => {
    if (!fs.existsSync(dir + '/gate')) return;
    clearInterval(timer);
    go();
  }, 20);
}`;

let carbonio: CarbonioBench;
let dir: string;
let orphan: ProcessIdentity | undefined;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-orphan-'));
  carbonio = new CarbonioBench();
  await carbonio.start({ variant: 'java' });
  await carbonio.carbonio('prov', 'ca', MAILBOX, 'x');
});
afterEach(async () => {
  if (orphan) await endProcess(orphan, 0);
  await carbonio.remove();
  rmSync(dir, { recursive: true, force: true });
});

const isWaitedFor = (lock: string): boolean =>
  processesWithOpen(lock).some(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'flock';
    } catch {
      return false;
    }
  });

test('the way back waits until such a command has ended', async () => {
  const gated = join(dir, 'gated.cjs');
  writeFileSync(gated, GATED);
  const { env: host } = carbonio.up;
  const env = {
    ...host,
    LIFEBOAT_ZMLOCALCONFIG_COMMAND: `${process.execPath} ${gated} ${dir} ${host['LIFEBOAT_ZMLOCALCONFIG_COMMAND'] ?? ''}`,
    LIFEBOAT_JOURNAL_DIR: join(dir, 'journal'),
    LIFEBOAT_LOCK_DIR: join(dir, 'locks'),
    LIFEBOAT_PROBE_RECIPIENT: MAILBOX,
  };
  const worker = spawn(process.execPath, [join(__dirname, 'change.cjs'), '20000'], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  const ended = once(worker, 'exit');
  await until(() => existsSync(join(dir, 'writing')));
  worker.kill('SIGKILL');
  await ended;
  orphan = identify(Number(readFileSync(join(dir, 'writing'), 'utf8')));
  expect(orphan && isAlive(orphan)).toBe(true);

  const revert = start(['overrides', 'revert', '--all'], env);
  let isBack = false;
  const back = revert.ended.finally(() => (isBack = true));
  // without the lock it is "back" at once, as nothing was written yet
  await until(() => isBack || isWaitedFor(join(dir, 'journal', 'lock')));
  writeFileSync(join(dir, 'gate'), '');
  await until(() => orphan !== undefined && !isAlive(orphan));
  expect(await back).toMatchObject({ code: 0, stderr: expect.stringContaining(`${LIMIT} is not set again`) });
  const file = readFileSync(host['LIFEBOAT_LOCALCONFIG_FILE'] ?? '', 'utf8');
  expect(file).not.toContain(LIMIT);
});
