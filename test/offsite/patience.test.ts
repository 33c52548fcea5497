/** Every wait has an end, however its failures are mixed with good times. */
import { Pauses } from '../../src/workflows/patience';

/** How often it is tried, and the pauses in seconds. */
function pausesOf(type: 'SyncInterrupted' | 'SyncIncomplete' | 'DestinationFull', lasted: number): number[] {
  const pauses = new Pauses(20);
  const found: number[] = [];
  for (let pause = pauses.after(type, lasted); pause !== null; pause = pauses.after(type, lasted)) {
    found.push(pause);
    if (found.length > 10_000) throw new Error('it has no end');
  }
  return found;
}

test('a line that fails: 20 tries, growing pauses; good runs begin anew, but not for ever', () => {
  const pauses = pausesOf('SyncInterrupted', 1000);
  expect(pauses).toHaveLength(19);
  expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(pauses.at(-1)).toBe(300);
  expect(pausesOf('SyncInterrupted', 700_000)).toHaveLength(50 + 18);
});

test('no space: the pauses grow to five minutes, about a week in all', () => {
  const pauses = pausesOf('DestinationFull', 1000);
  expect(Math.max(...pauses)).toBe(300);
  expect(pauses.reduce((sum, pause) => sum + pause, 0) / 86_400).toBeCloseTo(7, 1);
});

test('what could not be read or written: once more', () => {
  expect(pausesOf('SyncIncomplete', 700_000)).toEqual([5]);
});
