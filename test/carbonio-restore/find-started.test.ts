/** Which of the operations of the mail host is ours, when its id was not heard. */
import type { HostOperation } from '../../src/carbonio/parse/operations';
import { findStarted } from '../../src/carbonio-restore/find-started';
import { Problem } from '../../src/failures';

const uuid = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;
const operation = (
  last: number,
  parameters: Record<string, unknown>,
  more: Partial<HostOperation> = {},
): HostOperation => ({
  ...{
    id: uuid(last),
    module: 'ZxBackup',
    name: 'ExternalRestore',
    state: 'Started',
    type: null,
    host: null,
  },
  ...{ queuedTime: null, startTime: null, parameters },
  ...more,
});
const step = {
  command: 'doExternalRestore' as const,
  values: { provisioning_only: false },
  subjects: ['/mnt/old', 'a1', 'A2'],
};
const ours = { sourcePath: '/mnt/old/', accounts: ['a2', 'a1'] };

function find(operations: HostOperation[], before: string[] = []): string | null {
  return findStarted(operations, step, { before });
}
function unclear(operations: HostOperation[]): Problem {
  try {
    find(operations);
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('it was not unclear');
}

test('the one that is new and names the same path and accounts', () => {
  const other = operation(2, { sourcePath: '/mnt/old', accounts: ['a1'] });
  expect(find([operation(1, ours), other])).toBe(uuid(1));
  expect(find([operation(1, { source: '/mnt/old', accounts: 'a1, a2' })])).toBe(uuid(1));
});

test('of a long list of accounts the host may name the file, or who is in it', () => {
  const values = { ...step.values, input_file: '/tmp/x/accounts.txt' };
  const listed = (parameters: Record<string, unknown>): string | null =>
    findStarted([operation(1, parameters)], { ...step, values }, { before: [] });
  expect(listed({ sourcePath: '/mnt/old', inputFile: '/tmp/x/accounts.txt' })).toBe(uuid(1));
  expect(listed(ours)).toBe(uuid(1));
  expect(listed({ sourcePath: '/mnt/old', inputFile: '/tmp/y/accounts.txt' })).toBeNull();
  expect(listed({ sourcePath: '/mnt/older', inputFile: '/tmp/x/accounts.txt' })).toBeNull();
});

test('none: it was there before, has another path, is of another kind or part', () => {
  expect(find([])).toBeNull();
  expect(find([operation(1, ours)], [uuid(1)])).toBeNull();
  expect(find([operation(1, { ...ours, sourcePath: '/mnt/older' })])).toBeNull();
  expect(find([operation(1, {}, { name: 'SmartScan' })])).toBeNull();
  expect(find([operation(1, ours, { module: 'ZxPowerstore', name: 'doDeduplicate' })])).toBeNull();
  expect(find([operation(1, { ...ours, provisioning_only: true })])).toBeNull();
});

test('several, or one that says nothing of what it works on, need a person', () => {
  const { type, message } = unclear([operation(1, ours), operation(2, ours)]);
  expect(type).toBe('HostOperationUnclear');
  expect(message).toContain(uuid(2));
  expect(unclear([operation(1, {})]).message).toContain(uuid(1));
  expect(unclear([operation(1, ours), operation(2, {})]).type).toBe('HostOperationUnclear');
});

test('an operation without a subject is known by its name', () => {
  const scan = { command: 'doSmartScan' as const, values: {}, subjects: [] };
  expect(
    findStarted([operation(1, { isDeep: false }, { name: 'SmartScan' }), operation(2, ours)], scan, {
      before: [],
    }),
  ).toBe(uuid(1));
});
