/** How an operation ended, from answers of a command that prints them. */
import { endOf } from '../../src/carbonio-restore/end-of';
import { cliThat } from '../carbonio/kit';

const ID = '00000000-0000-4000-8000-000000000001';
const step = { command: 'doExternalRestore' as const, values: {} };
const text = (state: string, ...more: string[]): string =>
  [
    `Subject: External Restore ${state}.`,
    `Operation External Restore ${state}.`,
    `Operation Id: ${ID}`,
    '',
    ...more,
  ].join('\n');
const stats = (unrestored: string): string[] => [
  '- stats -',
  'Restored Items: 5',
  'Skipped Items: 0',
  `Unrestored Items: ${unrestored}`,
  '- unrestored items -',
  'account: jane@example.com',
  'unrestored items: 1255,1369',
];

interface Host {
  notifications?: string[];
  log?: object[];
  unfinished?: object[];
}
function end({ notifications = [], log = [], unfinished = [] }: Host) {
  const answers = {
    getNotification: {
      notifications: notifications.map((one, id) => ({ id: String(id), subject: 'x', text: one })),
    },
    getOperationLog: { operationList: log },
    getUnfinishedOperationLog: { operationList: unfinished },
  };
  const cli = cliThat(
    `console.log(JSON.stringify({ ok: true, response: ${JSON.stringify(answers)}[args.find((a) => a.startsWith('get'))] }));`,
  );
  return endOf(cli, step, { id: ID, notificationsBefore: [] }, {});
}
const logged = (state: string, type: string) => ({
  id: ID,
  module: 'ZxBackup',
  name: 'ExternalRestore',
  state,
  type,
});

test('a notification that counts and lists alike is the only success', async () => {
  expect(await end({ notifications: [text('Started'), text('Completed', ...stats('2'))] })).toMatchObject({
    outcome: 'successful',
  });
});

test.each([
  [
    'a list that is shorter than its count',
    [text('Completed', ...stats('10'))],
    /counts 10 unrestored items and lists 2/,
  ],
  ['a count that is no number', [text('Completed', ...stats('ten'))], /Unrestored Items/],
  ['a text without numbers', [text('Completed')], /not understood/],
  ['words that nobody knows', [text('Beendet')], /not understood/],
  ['two ends', [text('Completed', ...stats('2')), text('Stopped')], /contradict/],
])('%s is not proved', async (_what, notifications, why) => {
  expect(await end({ notifications })).toMatchObject({
    outcome: 'unproved',
    why: expect.stringMatching(why) as string,
  });
});

test('without a notification the logs tell at most that it did not go well', async () => {
  expect(await end({})).toBe('gone');
  expect(await end({ log: [logged('Successful', 'Finished')] })).toBe('silent');
  expect(await end({ log: [logged('Failed', 'Exception')] })).toMatchObject({ outcome: 'failed' });
  expect(await end({ log: [logged('Stopped', 'Finished')] })).toMatchObject({ outcome: 'stopped' });
  expect(await end({ unfinished: [logged('Interrupted', 'Started')] })).toBe('interrupted');
  expect(await end({ notifications: [text('Interrupted')] })).toBe('interrupted');
});
