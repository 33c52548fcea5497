/** What counts as a purge that works, and as one that has ended. */
import { hasHostCommand, lookAtPurges, type Purges } from '../../src/offsite/purges';
import { cliThat, failure } from '../carbonio/kit';

const id = (n: number): string => `${String(n).repeat(8)}-0000-4000-8000-000000000000`;
const entry = (n: number, state: string, more: object = {}) => ({
  ...{ id: id(n), module: 'ZxBackup', name: 'Purge', state, startTime: Date.UTC(2026, 0, n) },
  ...more,
});
const look = (live: unknown, log: unknown): Promise<Purges> => {
  const answers = JSON.stringify([live, log].map((operationList) => ({ response: { operationList } })));
  return lookAtPurges(
    cliThat(`console.log(JSON.stringify(${answers}[args.includes('getOperationLog') ? 1 : 0]))`),
  );
};

test.each<[string, unknown[], unknown[], Purges]>([
  ['nothing', [], [], { running: null, ended: [] }],
  ['one that waits does not work yet', [entry(1, 'Queued')], [], { running: null, ended: [] }],
  [
    'one that works, in whatever state, is not ended whatever the log says',
    [entry(2, 'Sweeping')],
    [entry(2, 'Finished'), entry(3, 'x', { type: 'Exception' })],
    { running: { id: id(2), since: '2026-01-02T00:00:00.000Z' }, ended: [id(3)] },
  ],
  [
    'a start in the log is no end; what was taken out of the queue never worked',
    [],
    [entry(1, 'x', { type: 'Started' }), entry(2, 'Removed', { type: 'Finished' }), entry(3, 'Stopped')],
    { running: null, ended: [id(3)] },
  ],
  [
    'both entries of one',
    [],
    [entry(1, 'x', { type: 'Started' }), entry(1, 'x', { type: 'Finished' })],
    { running: null, ended: [id(1)] },
  ],
  [
    'other operations, other modules',
    [entry(1, 'Started', { name: 'SmartScan' })],
    [entry(2, 'Finished', { module: 'ZxPowerstore', name: 'doPurgeMailboxes' })],
    { running: null, ended: [] },
  ],
  [
    'another spelling, without its time',
    [entry(1, 'Started', { name: 'backup_purge', startTime: null, module: '' })],
    [],
    { running: { id: id(1), since: null }, ended: [] },
  ],
])('%s', async (_, live, log, found) => {
  expect(await look(live, log)).toEqual(found);
});

test('an answer that is not the list', async () => {
  expect((await failure(look([], 'none'))).type).toBe('UnknownOutput');
});

test('a mail host is there when its command is, or is looked for', () => {
  expect(hasHostCommand({ command: '/nonexistent/carbonio' })).toBe(false);
  expect(hasHostCommand({ command: `${process.execPath} x` })).toBe(true);
  expect(hasHostCommand({ command: 'ssh mailhost carbonio' })).toBe(true);
});
