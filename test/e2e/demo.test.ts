import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { countMessages } from '../../src/embedded/demo/maildirs';
import { verify, type ReportedItem } from '../../src/embedded/demo/verify';
import { expectedRestore } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';

const DEMO = join(__dirname, '../../dist/embedded/demo.js');
const ITEMS = 2_000;

let dir: string;
let mark: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-demo-'));
  mark = `DEMO_TEST_MARK=${randomUUID()}`;
});

afterEach(async () => {
  for (const pid of marked()) process.kill(pid, 'SIGKILL');
  while (marked().length > 0) await sleep(50);
  rmSync(dir, { recursive: true, force: true });
});

/** Processes that have inherited the environment of this test, whoever started them. */
function marked(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
      } catch {
        // ended meanwhile, or somebody else's
        return false;
      }
    })
    .map(Number);
}

interface Running {
  readonly child: ChildProcess;
  output(): string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

function demo(...args: string[]): Running {
  const [name, value] = mark.split('=') as [string, string];
  const child = spawn(process.execPath, [DEMO, ...args], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    // a user's own settings must not reach the demonstration
    env: {
      ...process.env,
      [name]: value,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      LIFEBOAT_TARGET: 'maildir:/nowhere',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return { child, output: () => output, ended };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 150_000; !condition(); await sleep(20)) {
    if (Date.now() > end) throw new Error(`It never came to this: ${what}`);
  }
}

const reportOf = (output: string): ReportedItem[] => {
  const path = /^Report: +(\S+)/m.exec(output)?.[1] ?? '';
  const { accounts } = JSON.parse(readFileSync(join(path, 'report.json'), 'utf8')) as {
    accounts: Record<string, { unrestored: { item: number; class: string }[] }>;
  };
  return Object.entries(accounts).flatMap(([account, { unrestored }]) =>
    unrestored.map(({ item, class: itemClass }) => ({ account, item, class: itemClass })),
  );
};

test('shows a restore with an accident, after one that was killed, and leaves nothing running', async () => {
  const killed = demo('--items', String(ITEMS));
  await until('the killed run restores', () => countMessages(join(dir, '.lifeboat/demo/mailboxes')) > 0);
  killed.child.kill('SIGKILL');
  expect(await killed.ended).toBe('SIGKILL');
  expect(marked().length).toBeGreaterThanOrEqual(2);

  const whole = demo('--items', String(ITEMS));
  const code = await whole.ended;
  const output = whole.output();
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(marked()).toEqual([]);

  const [, pid, there, total] =
    /Worker (\d+) killed \(SIGKILL\) with ([\d,]+) of ([\d,]+) messages/.exec(output) ?? [];
  const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''));
  expect(number(there)).toBeGreaterThanOrEqual(number(total) / 2);
  expect(number(there)).toBeLessThan(number(total));
  expect(output).toContain(`process ${pid}`);
  expect(output).toMatch(/^Web interface +http:\/\/127\.0\.0\.1:\d+/m);
  expect(output).toMatch(/^External Restore partial\./m);
  expect(output).toMatch(
    / 0 skipped, .*\(1 read error, 1 broken, 2 invalid, \d+ unsupported by the target\)$/m,
  );
  expect(output).toMatch(
    /^verified: [\d,]+ messages in 12 mailboxes, each there exactly once, byte-identical/m,
  );
  expect(output).toMatch(/^Mailboxes +\.lifeboat\/demo\/mailboxes/m);
  expect(output).toContain('bin/lifeboat dev --state-dir .lifeboat/demo/state');

  // the same sample again says what must be there; and the check finds what is not so
  const facts = makeSample(join(dir, 'again'), { items: ITEMS });
  const mailboxes = join(dir, '.lifeboat/demo/mailboxes');
  const reported = reportOf(output);
  const { restored, defects, unsupported } = expectedRestore(facts);
  expect(reported).toHaveLength(defects.length + unsupported.length);
  expect(verify(facts, mailboxes, reported)).toEqual({
    messages: restored.length,
    mailboxes: 12,
    problems: [],
  });
  expect(number(total)).toBe(restored.length);
  expect(verify(facts, mailboxes, reported.slice(1)).problems).toEqual([
    expect.stringMatching(/^missing unrestored/),
  ]);

  const inbox = join(mailboxes, 'example.com/jane/Maildir/cur');
  const [one = '', two = '', three = ''] = readdirSync(inbox);
  copyFileSync(join(inbox, one), join(inbox, `copy.${one}`));
  expect(verify(facts, mailboxes, reported).problems).toEqual([expect.stringMatching(/should not be there/)]);
  rmSync(join(inbox, `copy.${one}`));
  const content = readFileSync(join(inbox, two));
  content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
  writeFileSync(join(inbox, two), content);
  rmSync(join(inbox, three));
  expect(verify(facts, mailboxes, reported).messages).toBe(restored.length - 2);

  const interrupted = demo('--items', String(ITEMS));
  await until(
    'the next run restores',
    () => countMessages(mailboxes) > 0 && interrupted.output().includes('Restore '),
  );
  interrupted.child.kill('SIGINT');
  expect(await interrupted.ended).toBe(130);
  expect(interrupted.output()).toContain('Stopped.');
  expect(marked()).toEqual([]);
}, 300_000);

test('touches no folder that is not its own', async () => {
  const foreign = join(dir, 'photos');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'holiday.jpg'), 'precious');
  const refused = demo('--dir', foreign);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(/photos has other things in it/);
  expect(refused.output()).not.toMatch(/ at .*\.js:\d+/);
  expect(readdirSync(foreign)).toEqual(['holiday.jpg']);
});
