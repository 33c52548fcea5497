/** The file of schedules: what it may say, and how each mistake is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCron } from '../../src/client/schedules/cron';
import { timesText } from '../../src/client/schedules/compare';
import { readScheduleFile } from '../../src/client/schedules/file';
import type { WantedSchedule } from '../../src/client/schedules/model';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-schedules-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const WHERE = { host: 'mail.example.com', taskQueue: 'lifeboat' };
const EXAMPLE = join(__dirname, '../../examples/lifeboat.schedules.yaml');

function read(text: string | Buffer): WantedSchedule[] {
  const file = join(dir, 'f.yaml');
  writeFileSync(file, text);
  return readScheduleFile(file, WHERE);
}

/** Lines of the refusal, without the folder. */
function mistakes(text: string | Buffer): string[] {
  try {
    read(text);
  } catch (error) {
    const { type, message } = error as { type: string; message: string };
    expect(type).toBe('InvalidInput');
    return message.split('\n').map((line) => line.replace(`${dir}/`, ''));
  }
  throw new Error('it was taken');
}

test('the example: four schedules, each as it is documented', () => {
  const wanted = readScheduleFile(EXAMPLE, WHERE);
  expect(
    wanted.map(({ name, definition }) => [
      name,
      definition.action.workflowType,
      timesText(definition),
      definition.policies.overlap,
      definition.policies.catchupWindow,
      definition.policies.pauseOnFailure,
      (definition.spec.jitter ?? 0) > 0,
    ]),
  ).toEqual([
    ['nightly-sync', 'offsiteSync', '30 3 * * * (Europe/Rome)', 'SKIP', 3_600_000, false, true],
    ['weekly-sync', 'offsiteSync', '0 12 * * SAT (Europe/Rome)', 'SKIP', 3_600_000, true, true],
    ['weekly-verification', 'verifyOffsite', '0 12 * * SUN (Europe/Rome)', 'SKIP', 3_600_000, false, true],
    ['override-watchdog', 'overrideWatchdog', 'every 5m', 'SKIP', 60_000, false, true],
  ]);
  const [nightly, weekly] = wanted;
  expect(nightly?.id).toBe('lifeboat/mail.example.com/nightly-sync');
  expect(nightly?.definition.action.workflowId).toBe('offsite-sync/mail.example.com/nightly-sync');
  expect(nightly?.definition.action.args).not.toMatchObject([{ delete: expect.anything() }]);
  expect(weekly?.definition.action.args).toMatchObject([{ delete: 'afterPurge' }]);
});

test('a sync that deletes pauses on failure unless the file says otherwise', () => {
  const of = (more: string): boolean[] =>
    read(
      `schedules: {a: {workflow: offsiteSync, every: 1h, input: {sourcePath: /a, destination: /b${more}}}`,
    ).map(({ definition }) => definition.policies.pauseOnFailure);
  expect([of('}'), of(', delete: never}'), of(', delete: now}')].flat()).toEqual([false, false, true]);
  expect(of(', delete: now}, pauseOnFailure: false')).toEqual([false]);
});

test('every mistake is told at once, with its line, and without what it may give away', () => {
  const text = `timezone: Mars/Olympus
jiter: 5m
schedules:
  one:
    workflow: offsiteSync
    cron: 1 2 3
    jitter: 5
    input:
      destination: rsync://me:geheim@store/mail
      what: 1
  Two Words:
    workflow: purge
    every: 1h
  three:
    workflow: nonsense
    cron: ['0 4 * * 6', '0 25 * * *']
  four:
    workflow: externalRestore
    every: 500x
    input: { sourcePath: /x, onlyItems: /y }
  five:
`;
  const told = mistakes(text);
  expect(told.join('\n')).not.toContain('geheim');
  expect(told.map((line) => /^f\.yaml:\d+: [^ ]+(?: Words)?:/.exec(line)?.[0] ?? line)).toEqual([
    'The file of schedules is not right; nothing was changed.',
    'f.yaml:1: timezone:',
    'f.yaml:2: jiter:',
    'f.yaml:6: one.cron.0:',
    'f.yaml:7: one.jitter:',
    'f.yaml:8: one.input.sourcePath:',
    'f.yaml:9: one.input.destination:',
    'f.yaml:10: one.input.what:',
    'f.yaml:11: Two Words:',
    'f.yaml:15: three.workflow:',
    'f.yaml:16: three.cron.1:',
    'f.yaml:19: four.every:',
    'f.yaml:20: four.input.onlyItems:',
    'f.yaml:21: five:',
  ]);
});

test.each([
  ['schedules: {a: {workflow: verify, input: {sourcePath: /a}}}', /f\.yaml:1: a: needs either cron or every/],
  [
    'schedules: {a: {workflow: purge, every: 1h, cron: 0 4 * * *}}',
    /f\.yaml:1: a: needs either cron or every/,
  ],
  ['schedules: {a: {workflow: purge, every: 1h, offset: 2h}}', /a\.offset: must be less than every/],
  ['schedules: {a: {workflow: purge, every: 1h, catchupWindow: 1s}}', /a\.catchupWindow: .*at least 10s/],
  ['schedules: {a: {workflow: purge, every: 1h, overlap: terminate-other}}', /a\.overlap: /],
  ['timezone: europe/rome\nschedules: {}', /f\.yaml:1: timezone: must be written Europe\/Rome/],
  ['timezone: "+01:00"\nschedules: {}', /timezone: is no time zone/],
  ['schedules:\n  a: {}\n  a: {}\n', /f\.yaml:3: Map keys must be unique/],
  ['schedules: [\n', /f\.yaml:2: Flow sequence/],
  ['schedules: !!js/function x\n', /f\.yaml:1: Unresolved tag/],
  ['', /f\.yaml:1: \(the whole file\): /],
  ['schedules: {}\n---\nschedules: {}\n', /f\.yaml:2: .*multiple documents/],
  [
    `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [${'*a, '.repeat(12)}]\nc: [${'*b, '.repeat(12)}]\n`,
    /Excessive alias count/,
  ],
])('refuses %j', (text, message) => {
  expect(mistakes(text).join('\n')).toMatch(message);
});

test('a file that is not there, too large, or no text is named', () => {
  expect(mistakes(Buffer.from([0x73, 0xff, 0xfe]))[0]).toMatch(/f\.yaml cannot be read/);
  expect(mistakes(Buffer.alloc(1_048_577, 0x20))[0]).toMatch(
    /f\.yaml cannot be read \(it has 1048577 bytes\)/,
  );
  expect(() => readScheduleFile(join(dir, 'nowhere'), WHERE)).toThrow(/nowhere cannot be read \(ENOENT\)/);
});

test('an alias, and both ways to write a list', () => {
  const [a, b] = read(`schedules:
  a: &a { workflow: purge, cron: ['0 4 * * *', '0  5 * * mon-fri'] }
  b: *a
`);
  expect(a && timesText(a.definition)).toBe('0 4 * * * and 0 5 * * mon-fri (UTC)');
  expect(a?.definition.spec).toEqual(b?.definition.spec);
});

describe('cron', () => {
  const at = (n: number): object => ({ start: n, end: n, step: 1 });
  test('numbers, names, ranges, steps, lists', () => {
    expect(parseCron('*/15 1,2-6/2 * jan-mar sun')).toMatchObject({
      second: [at(0)],
      minute: [{ start: 0, end: 59, step: 15 }],
      hour: [at(1), { start: 2, end: 6, step: 2 }],
      dayOfMonth: [{ start: 1, end: 31, step: 1 }],
      month: [{ start: 'JANUARY', end: 'MARCH', step: 1 }],
      dayOfWeek: [{ start: 'SUNDAY', end: 'SUNDAY', step: 1 }],
      year: [],
    });
  });
  test('Sunday is 0 and 7', () => {
    const days = (text: string): string[] => {
      const calendar = parseCron(`0 4 * * ${text}`);
      if (typeof calendar === 'string') throw new Error(calendar);
      return calendar.dayOfWeek.map(({ start, end }) => `${start}-${end}`);
    };
    expect(days('7')).toEqual(['SUNDAY-SUNDAY']);
    expect(days('0')).toEqual(['SUNDAY-SUNDAY']);
    expect(days('5-7')).toEqual(['SUNDAY-SUNDAY', 'FRIDAY-FRIDAY', 'SATURDAY-SATURDAY']);
    expect(days('*')).toEqual(['SUNDAY-SATURDAY']);
  });
  test.each([
    '60 4 * * *',
    '0 4 0 * *',
    '0 4 * 13 *',
    '0 4 * * 8',
    '0 4 * * mon-sun-',
    '5-1 4 * * *',
    '*/0 4 * * *',
    '1/5 4 * * *',
    '*-3 4 * * *',
    '-1 4 * * *',
    '1, 4 * * *',
    '0 4 30 2 *',
    '0 4 1 * mon',
    '@daily',
    '0 4 * *',
    '0 0 4 * * *',
  ])('refuses %s', (text) => {
    expect(typeof parseCron(text)).toBe('string');
  });
  test('a day that only leap years have is a day', () => {
    expect(parseCron('0 4 29 2 *')).toMatchObject({ dayOfMonth: [at(29)] });
  });
});
