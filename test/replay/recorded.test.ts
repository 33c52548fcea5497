/** Histories that earlier releases made must replay on this one: what runs during an upgrade goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replayJson } from './replay';

const FIXTURES = join(__dirname, '../fixtures/histories');
const recorded = readdirSync(FIXTURES).flatMap((release) =>
  readdirSync(join(FIXTURES, release)).map((name) => join(release, name)),
);

test('there are recorded histories', () => {
  expect(recorded.length).toBeGreaterThanOrEqual(3);
});

async function replayRecorded(path: string): Promise<void> {
  const history = readFileSync(join(FIXTURES, path), 'utf8');
  // ids of children are made from that of the workflow
  const { events } = JSON.parse(history) as {
    events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
  };
  await replayJson(history, events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? path);
}

test.each(recorded)('%s', replayRecorded);

test('a history of another workflow does not replay: the check can fail', async () => {
  const [first] = recorded as [string];
  const history = JSON.parse(readFileSync(join(FIXTURES, first), 'utf8')) as {
    events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
  };
  for (const { activityTaskScheduledEventAttributes: scheduled } of history.events) {
    if (scheduled) scheduled.activityType.name = 'somethingElse';
  }
  await expect(replayJson(JSON.stringify(history), first)).rejects.toThrow(/[Nn]ondeterminism|determinism/);
  // nor does it stand in the way of the next one
  await replayRecorded(first);
});
