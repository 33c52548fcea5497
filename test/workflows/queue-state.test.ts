/** The order of the operation queue, step by step: what the tests with a real server cannot bring about on purpose. */
import { operationQueueInput, type TurnRequest } from '../../src/contracts/operation-queue';
import { MAX_WAITING, QueueState } from '../../src/workflows/queue-state';

const request = (operationId: string, more: Partial<TurnRequest> = {}): TurnRequest => ({
  operationId,
  firstRunId: `run of ${operationId}`,
  kind: 'Test',
  startedBy: 'tester',
  pollSeconds: 10,
  ...more,
});
const ids = (state: QueueState): string[] => state.list().operations.map(({ id }) => id);

let state: QueueState;
beforeEach(() => {
  state = new QueueState(undefined, 0);
});

test('asked in the same moment: in the order of asking', () => {
  for (const id of ['b', 'a', 'c']) state.request(request(id), 1000);
  expect(ids(state)).toEqual(['b', 'a', 'c']);
});

test('asked again, it is where it was, with its ticket', () => {
  const first = state.request(request('a'), 1000);
  state.request(request('b'), 1001);
  expect(state.request(request('a'), 2000)).toEqual({ ...first, queued: 2 });
  state.granted(request('a'), 2001);
  expect(state.request(request('a'), 3000)).toMatchObject({
    state: 'running',
    position: 0,
    ticket: first.ticket,
  });
  expect(ids(state)).toEqual(['a', 'b']);
});

test('another chain of the same id begins at the end; the one that has the turn is not touched', () => {
  state.request(request('a'), 1000);
  state.request(request('b'), 1001);
  state.request(request('a', { firstRunId: 'again' }), 1002);
  expect(ids(state)).toEqual(['a', 'b', 'a']);
  state.granted(request('b'), 1003);
  state.request(request('b', { firstRunId: 'again' }), 1004);
  expect(ids(state)).toEqual(['b', 'a', 'a', 'b']);
  // a late request of the chain that has ended costs the new one nothing
  state.leave(request('a'));
  state.request(request('a'), 1005);
  expect(state.place(request('a', { firstRunId: 'again' }))?.position).toBe(1);
});

test('old tickets come before new ones, and hold the turn back until all had time to come', () => {
  state.request(request('late'), 50_000);
  state.request(request('c', { ticket: { at: 1000, seq: 3 } }), 51_000);
  expect(state.canGrant(51_000)).toBe(false);
  state.request(request('b', { ticket: { at: 1000, seq: 2 } }), 52_000);
  expect(ids(state)).toEqual(['b', 'c', 'late']);
  expect(state.nextMoment(53_000)).toBe(72_000);
  expect(state.canGrant(71_999)).toBe(false);
  expect(state.canGrant(72_000)).toBe(true);
  // whoever asks now comes behind everybody, also when the clock went back
  state.request(request('new'), 40_000);
  expect(ids(state)).toEqual(['b', 'c', 'late', 'new']);
});

test('one that was asked to stop gets no turn; all: those that wait before the one that works', () => {
  for (const id of ['a', 'b', 'c']) state.request(request(id), 1000);
  state.granted(request('a'), 1001);
  expect(state.askToStop('b', 2000, 300_000).owners).toEqual([{ operationId: 'b', firstRunId: 'run of b' }]);
  expect(state.candidates().map(({ operationId, eligible }) => [operationId, eligible])).toEqual([
    ['b', false],
    ['c', true],
  ]);
  const all = state.askToStop(null, 3000, 300_000);
  expect(all.owners.map(({ operationId }) => operationId)).toEqual(['c', 'b', 'a']);
  expect(all.marked.map(({ operationId }) => operationId)).toEqual(['c', 'a']);
  expect(state.list().operations.map((one) => one.state)).toEqual(['stopping', 'stopping', 'stopping']);
  state.leave(request('a'));
  expect(state.canGrant(4000)).toBe(false);
});

test('a stop that is not honoured is explained once its time is over', () => {
  state.request(request('a'), 1000);
  state.askToStop('a', 2000, 300_000);
  expect(state.overdue(301_999)).toEqual([]);
  expect(state.nextMoment(3000)).toBe(302_000);
  expect(state.overdue(302_000)).toHaveLength(1);
  state.explain(request('a'), 'no worker', 602_000);
  expect(state.overdue(601_999)).toEqual([]);
  // and again, for by then it may be another cause
  expect(state.overdue(602_000)).toHaveLength(1);
  expect(state.list().operations[0]).toMatchObject({ state: 'stopping', cause: 'no worker' });
});

test('what the record of the host says counts, whatever was known', () => {
  state.request(request('a'), 1000);
  state.request(request('b'), 1001);
  state.adopt({ ...request('b'), since: 500 });
  expect(state.list().operations.map(({ id, state: doing }) => [id, doing])).toEqual([
    ['b', 'running'],
    ['a', 'queued'],
  ]);
  expect(state.place(request('a'))?.waitsFor).toBe('b (Test)');
});

test('nothing is lost between two runs', () => {
  for (const id of ['a', 'b', 'c']) state.request(request(id), 1000);
  state.granted(request('a'), 1001);
  state.askToStop('c', 1002, 300_000);
  const next = new QueueState(structuredClone(state.carry()), 0);
  expect(next.list()).toEqual(state.list());
  expect(next.request(request('d'), 1000).ticket).toEqual({ at: 1000, seq: 4 });
});

test('full: by number, and by what can be carried into the next run (2 MB)', () => {
  for (let n = 0; n < MAX_WAITING; n++) state.request(request(`op-${n}`), 1000);
  expect(state.isFull()).toBe(true);
  const long = new QueueState(undefined, 0);
  for (let n = 0; !long.isFull(); n++) long.request(request(`${n}`.padEnd(1000, '\u20ac')), 1000);
  for (const one of [state, long]) {
    expect(Buffer.byteLength(JSON.stringify(one.carry()))).toBeLessThan(2_000_000);
  }
});

test('who was asked to stop keeps nobody behind it from the turn', () => {
  for (let n = 0; n < 30; n++) state.request(request(`op-${n}`), n);
  for (let n = 0; n < 29; n++) state.askToStop(`op-${n}`, 100, 300_000);
  expect(state.canGrant(200)).toBe(true);
  expect(state.candidates().filter(({ eligible }) => eligible)).toMatchObject([{ operationId: 'op-29' }]);
});

test('a stop that could not be carried out is taken back; one that asks again was reset', () => {
  for (const id of ['a', 'b']) state.request(request(id), 1000);
  state.takeBackStop(state.askToStop('a', 2000, 300_000).marked);
  state.askToStop('b', 2000, 300_000);
  state.request(request('b'), 3000);
  expect(state.list().operations.map((one) => one.state)).toEqual(['queued', 'queued']);
});

test('a stop of all that could not be carried out leaves an earlier one as it was', () => {
  for (const id of ['a', 'b']) state.request(request(id), 1000);
  state.askToStop('a', 2000, 300_000);
  state.takeBackStop(state.askToStop(null, 3000, 300_000).marked);
  expect(state.list().operations.map((one) => one.state)).toEqual(['stopping', 'queued']);
});

test('who has the turn keeps it from the others', () => {
  for (const id of ['a', 'b']) state.request(request(id), 1000);
  state.granted(request('a'), 1001);
  expect(state.canGrant(2000)).toBe(false);
  state.leave(request('a'));
  expect(state.canGrant(2000)).toBe(true);
});

test('one that is known from the record alone can be carried into the next run', () => {
  state.adopt({ operationId: 'a', firstRunId: 'r', kind: '', startedBy: '', since: 1 });
  expect(operationQueueInput.safeParse({ host: 'h', carry: state.carry() }).error).toBeUndefined();
});
