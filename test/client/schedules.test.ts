/** `lifeboat schedules` against a real server: what is made, changed, removed, kept, refused. */
import { randomUUID } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { guardedSchedules } from '../../src/client/schedules/guarded-client';
import { connect, sleep } from '../e2e/harness';
import { run, startInTerminal, type Ended } from './cli';
import { Ground } from './ground';

const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
const EXAMPLE = join(__dirname, '../../examples/lifeboat.schedules.yaml');
const NAMES = ['nightly-sync', 'override-watchdog', 'weekly-sync', 'weekly-verification'];

let client: Client;
beforeAll(async () => {
  client = await connect(address);
});
afterAll(() => client.connection.close());

let ground: Ground;
let host: string;
beforeEach(() => {
  ground = new Ground();
  host = `host-${randomUUID().slice(0, 8)}`;
});
afterEach(async () => {
  for (const id of await ids()) await client.schedule.getHandle(id).delete();
  await ground.clean();
});

/** Of this host, by whomever they were made. */
async function ids(): Promise<string[]> {
  const found: string[] = [];
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith(`lifeboat/${host}/`)) found.push(scheduleId);
  return found.sort();
}

/** The server lists with a delay. */
async function listed(count: number): Promise<void> {
  for (let tries = 0; (await ids()).length !== count; tries++) {
    if (tries > 600) throw new Error(`not ${count} schedules: ${(await ids()).join()}`);
    await sleep(50);
  }
}

const env = (): Record<string, string> => ({
  ...ground.env,
  TEMPORAL_ADDRESS: address,
  LIFEBOAT_HOST: host,
  LIFEBOAT_TASK_QUEUE: `queue-${host}`,
});
const lifeboat = (...args: string[]): Promise<Ended> => run(['schedules', ...args], env(), ground.dir);

interface Told {
  status: string;
  schedules: { name: string; change: string; paused: boolean; fields: { field: string }[] }[];
}
const json = ({ stdout }: Ended): Told => JSON.parse(stdout) as Told;
const changes = (ended: Ended): Record<string, string> =>
  Object.fromEntries(json(ended).schedules.map(({ name, change }) => [name, change]));
const handle = (name: string) => client.schedule.getHandle(`lifeboat/${host}/${name}`);

function write(schedules: Record<string, object>): void {
  // JSON is YAML
  writeFileSync(join(ground.dir, 'lifeboat.schedules.yaml'), JSON.stringify({ schedules }));
}
const PURGE = { workflow: 'purge', cron: '0 4 * * 6' };

test('the example is applied, applied again without a change, and listed', async () => {
  copyFileSync(EXAMPLE, join(ground.dir, 'lifeboat.schedules.yaml'));
  const before = await lifeboat('diff');
  expect(before.code).toBe(3);
  expect(before.stdout).toContain('+ weekly-sync  new: offsiteSync, 0 12 * * SAT (Europe/Rome)');
  expect(await ids()).toEqual([]);

  const first = await lifeboat('apply', '--json');
  expect([first.code, json(first).status]).toEqual([0, 'applied']);
  expect(new Set(Object.values(changes(first)))).toEqual(new Set(['create']));
  expect(first.stderr).toContain(`No worker serves the task queue queue-${host}`);
  await listed(4);

  const again = await lifeboat('apply', '--json');
  expect([again.code, json(again).status]).toEqual([0, 'equal']);
  expect(new Set(Object.values(changes(again)))).toEqual(new Set(['none']));
  expect((await lifeboat('diff')).code).toBe(0);
  const { info, policies, spec, action } = await handle('weekly-sync').describe();
  expect(info.lastUpdatedAt).toBeUndefined();
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: true });
  expect(spec).toMatchObject({ jitter: 600_000, timezone: 'Europe/Rome' });
  expect(action).toMatchObject({
    taskQueue: `queue-${host}`,
    workflowId: `offsite-sync/${host}/weekly-sync`,
  });

  const list = await lifeboat('list');
  expect(list.code).toBe(0);
  for (const name of NAMES) expect(list.stdout).toContain(`${name}  `);
  expect(list.stdout).toMatch(
    /override-watchdog {2}overrideWatchdog, every 5m\n {2}next: \d{4}-.* UTC, .* UTC\n/,
  );
  const { schedules } = JSON.parse((await lifeboat('list', '--json')).stdout) as {
    schedules: { name: string; next: string[]; last: unknown; paused: unknown }[];
  };
  expect(schedules.map(({ name }) => name)).toEqual(NAMES);
  // Saturday at noon in Rome, and up to ten minutes later
  const next = new Date(schedules[2]?.next[0] ?? '');
  const rome = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: 'Europe/Rome', weekday: 'short', hour: '2-digit', minute: '2-digit' },
  }).format(next);
  expect(rome).toMatch(/^Sat 12:(0\d|10)$/);
  expect(schedules[0]).toMatchObject({ last: null, paused: null });
});

test('a pause in the very moment of a change stays, and the change is made', async () => {
  const scheduleId = `lifeboat/${host}/race`;
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'verify',
    taskQueue: 'none',
    workflowId: 'race',
  };
  const spec = { intervals: [{ every: '1d' as const }] };
  await client.schedule.create({ scheduleId, spec, action: { ...action, args: [] } });
  const { workflowService, connection } = client;
  let updates = 0;
  // between the look of the change and the change
  const updateSchedule = async (request: Parameters<typeof workflowService.updateSchedule>[0]) => {
    if (updates++ === 0) await client.schedule.getHandle(scheduleId).pause('the store moves');
    return workflowService.updateSchedule(request);
  };
  const service: object = Object.create(workflowService, {
    updateSchedule: { value: updateSchedule },
  }) as object;
  const racing = new Client({
    connection: Object.create(connection, { workflowService: { value: service } }) as typeof connection,
  });
  const handle = guardedSchedules(racing).getHandle(scheduleId);
  const change = (): Promise<void> =>
    handle.update(({ state: { paused, note } }) => ({
      ...{ spec: { intervals: [{ every: '2d' }] }, action: { ...action, args: [] } },
      state: { paused, ...(note === undefined ? {} : { note }) },
    }));
  await change();
  const first = await client.schedule.getHandle(scheduleId).describe();
  expect([first.state.paused, first.spec.intervals?.[0]?.every]).toEqual([true, 86_400_000]);
  await change();
  const second = await client.schedule.getHandle(scheduleId).describe();
  expect(second.state).toMatchObject({ paused: true, note: 'the store moves' });
  expect([second.spec.intervals?.[0]?.every, updates]).toEqual([172_800_000, 2]);
});

test('a change of the file, and one by somebody else, are seen and set right; a pause is kept', async () => {
  write({ a: PURGE, b: PURGE });
  expect((await lifeboat('apply')).code).toBe(0);
  const paused = await lifeboat('pause', 'a', '--reason', 'the store moves');
  expect([paused.code, paused.stderr]).toEqual([0, 'a is paused.\n']);
  await handle('b').update(({ spec, action, policies, state }) => ({
    ...{ spec, action },
    policies: { ...policies, overlap: 'ALLOW_ALL' },
    state: { ...state, remainingActions: 3 },
  }));

  write({ a: { ...PURGE, cron: '0 5 * * 6', jitter: '90s' }, b: PURGE });
  const diff = await lifeboat('diff', '--json');
  expect(diff.code).toBe(3);
  expect(json(diff).schedules).toMatchObject([
    {
      ...{ name: 'a', change: 'update', paused: true },
      fields: [
        { field: 'times', there: '0 4 * * 6 (UTC)', wanted: '0 5 * * 6 (UTC)' },
        { field: 'jitter', there: '0s', wanted: '90s' },
      ],
    },
    {
      name: 'b',
      fields: [
        { field: 'overlap', there: 'allow-all', wanted: 'skip' },
        { field: 'how often yet', there: '3', wanted: 'null' },
      ],
    },
  ]);

  const applied = await lifeboat('apply');
  expect(applied.code).toBe(0);
  expect(applied.stdout).toMatch(
    /~ a {2}times: .*\n {4}jitter: 0s -> 90s\n {4}paused, and stays so until .*the store moves/,
  );
  expect((await lifeboat('diff')).code).toBe(0);
  const { state, spec } = await handle('a').describe();
  expect(state).toMatchObject({
    paused: true,
    note: expect.stringMatching(/^paused by .*: the store moves$/),
  });
  expect(spec.jitter).toBe(90_000);
  await listed(2);
  expect((await lifeboat('list')).stdout).toMatch(
    /PAUSED: paused by .*: the store moves\n {2}next: .*, once it is resumed/,
  );
  expect((await lifeboat('resume', 'a')).code).toBe(0);
  expect((await handle('a').describe()).state.paused).toBe(false);
});

test('a pause of one that a failure has paused keeps what the failure said', async () => {
  write({ a: PURGE, b: PURGE });
  expect((await lifeboat('apply')).code).toBe(0);
  const failure = 'paused due to workflow failure: x: the source is empty';
  await handle('a').pause(failure);
  const again = await lifeboat('pause', 'a', 'b', '--json');
  expect([again.code, again.stderr]).toEqual([
    0,
    expect.stringContaining(`a was paused already, and stays so: ${failure}`),
  ]);
  expect(json(again).schedules).toMatchObject([
    { name: 'a', paused: true, note: failure },
    { name: 'b', paused: true, note: expect.stringMatching(/^paused by /) },
  ]);
  expect((await handle('a').describe()).state).toMatchObject({ paused: true, note: failure });
  expect((await lifeboat('pause', 'a', '--reason', 'the store moves')).code).toBe(0);
  const { note } = (await handle('a').describe()).state;
  expect(note).toMatch(
    /^paused due to workflow failure: x: the source is empty; paused by .*: the store moves$/,
  );
  expect((await lifeboat('resume', 'a')).code).toBe(0);
  expect((await handle('a').describe()).state.note).toMatch(/^resumed by /);
});

test('what is no longer in the file stays until it is asked for; of another host nothing is seen', async () => {
  write({ a: PURGE, b: PURGE });
  expect((await lifeboat('apply')).code).toBe(0);
  expect((await lifeboat('apply', '--host', `${host}-other`)).code).toBe(0);
  await listed(2);
  write({ a: PURGE });
  const left = await lifeboat('apply');
  expect(left.code).toBe(3);
  expect(left.stdout).toContain('- b  is not in the file');
  expect(left.stderr).toContain('Not in the file, but left there: b. --prune removes them.');
  expect((await handle('b').describe()).scheduleId).toBe(`lifeboat/${host}/b`);

  const asked = startInTerminal(['schedules', 'apply'], env(), ground.dir);
  asked.child.stdin?.write('no\n');
  const answered = await asked.ended;
  expect([answered.code, answered.stdout]).toEqual([3, expect.stringContaining('Remove b? [y/N]')]);
  expect((await handle('b').describe()).scheduleId).toBe(`lifeboat/${host}/b`);

  const dry = await lifeboat('apply', '--prune', '--dry-run', '--json');
  expect([dry.code, changes(dry)]).toEqual([3, { a: 'none', b: 'remove' }]);
  expect((await lifeboat('apply', '--prune')).code).toBe(0);
  await listed(1);
  for (const name of ['a', 'b']) await client.schedule.getHandle(`lifeboat/${host}-other/${name}`).delete();
});

test('a schedule that is not ours is never touched, not even under our id', async () => {
  const action = { type: 'startWorkflow' as const, workflowType: 'theirs', taskQueue: 'theirs' };
  const spec = { intervals: [{ every: '1 day' }] };
  for (const name of ['a', 'theirs'])
    await client.schedule.create({ scheduleId: `lifeboat/${host}/${name}`, spec, action });
  await listed(2);
  write({ a: PURGE, b: PURGE });
  const refused = await lifeboat('apply', '--prune', '--json');
  expect(refused.code).toBe(2);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { type: 'ScheduleIsForeign', message: expect.stringContaining(`lifeboat/${host}/a`) },
  });
  await expect(handle('b').describe()).rejects.toThrow(/not found/i);
  for (const verb of ['pause', 'resume', 'trigger']) expect((await lifeboat(verb, 'a')).code).toBe(2);
  expect((await handle('a').describe()).state.paused).toBe(false);

  write({ b: PURGE });
  expect((await lifeboat('apply', '--prune')).code).toBe(0);
  await listed(3);
  expect((await handle('a').describe()).action.workflowType).toBe('theirs');
  expect((await lifeboat('list')).stdout).not.toContain('theirs');
});

test('wrong uses: exit code 2, and nothing is made', async () => {
  const none = await lifeboat('apply');
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringContaining('lifeboat.schedules.yaml cannot be read'),
  ]);
  write({ a: { ...PURGE, cron: 'often' } });
  const wrong = await lifeboat('apply', '--json');
  expect([wrong.code, wrong.stdout]).toEqual([
    2,
    expect.stringContaining('lifeboat.schedules.yaml:1: a.cron.0'),
  ]);
  // neither of them has made it
  expect((await lifeboat('trigger', 'a')).stderr).toMatch(/There is no schedule a of host-/);
  write({ a: PURGE });
  expect((await lifeboat('apply')).code).toBe(0);
  expect((await lifeboat('diff', '--host', '')).code).toBe(2);
  const half = await lifeboat('pause', 'a', 'b');
  expect([half.code, (await handle('a').describe()).state.paused]).toEqual([2, false]);
});
