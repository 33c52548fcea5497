/** Threads that restore let the rest of their process go first, and are as nice as they were at least. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { resolve } from 'node:path';
import { runInThread } from '../../src/restore/in-thread';
import { RestoreBench } from './bench';
import { accountInfo } from './store';

const NICENESS = 10;

/** The threads of this process, and how nice each is. */
function threads(): Map<string, number> {
  const found = new Map<string, number>();
  for (const task of readdirSync('/proc/self/task')) {
    try {
      const fields = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').replace(/^.*\) /s, '');
      found.set(task, Number(fields.split(' ')[16]));
    } catch {
      continue; // it has ended meanwhile
    }
  }
  return found;
}

// who runs the tests that nicely cannot see what a thread does
const whereSeen = getPriority() < NICENESS ? test : test.skip;

whereSeen('the thread of a step is nice, its process is not', async () => {
  const bench = new RestoreBench();
  try {
    bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
    // the process's other threads begin now, as nice as it is itself
    await stat(bench.folder);
    const before = threads();
    const options = { onProgress: () => undefined, signal: new AbortController().signal };
    await runInThread('plan', { request: bench.request(), settings: bench.settings }, options);
    // it is kept a while for the next step
    const after = threads();
    const begun = [...after].filter(([task]) => !before.has(task)).map(([, niceness]) => niceness);
    expect(begun).toContain(NICENESS);
    for (const [task, niceness] of before) expect(after.get(task) ?? niceness).toBe(niceness);
  } finally {
    bench.remove();
  }
});

test('who is nicer already stays so', () => {
  const module = resolve(__dirname, '../../dist/host/give-way.js');
  const program = `require(${JSON.stringify(module)}).giveWay(); console.log(require('os').getPriority())`;
  const answer = execFileSync('nice', ['-n', '15', process.execPath, '-e', program], { encoding: 'utf8' });
  expect(Number(answer)).toBe(Math.min(19, getPriority() + 15));
});

test('where it is forbidden all goes on', () => {
  const module = resolve(__dirname, '../../dist/host/give-way.js');
  const program =
    `const os = require('os'); os.setPriority = () => { throw new Error('EPERM'); };` +
    `require(${JSON.stringify(module)}).giveWay(); console.log('on')`;
  expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('on\n');
});
