/** Threads that restore let everything else on the machine go first; the process around them does not. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { resolve } from 'node:path';
import { runInThread } from '../../src/restore/in-thread';
import { RestoreBench } from './bench';
import { accountInfo } from './store';

/** The niceness of every thread of this process. */
const threads = (): number[] =>
  readdirSync('/proc/self/task').map((task) => {
    const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[16]);
  });
const nice = (): number => threads().filter((niceness) => niceness === 10).length;

test('the thread of a step is nice, nothing else is', async () => {
  const bench = new RestoreBench();
  try {
    bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
    const before = { nice: nice(), own: getPriority() };
    const request = bench.request();
    const { settings } = bench;
    const options = { onProgress: () => undefined, signal: new AbortController().signal };
    await runInThread('plan', { request, settings }, options);
    // the thread is kept a while for the next step
    expect({ nice: nice(), own: getPriority() }).toEqual({ ...before, nice: before.nice + 1 });
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
