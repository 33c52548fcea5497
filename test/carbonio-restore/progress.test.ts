/** How far a restore by the mail host is, by what it tells while it runs. */
import { itemsIn, itemsOf } from '../../src/carbonio-restore/progress';
import { zeroCounters } from '../../src/report/model';

const account = (source: number, filtered: number) => ({
  ...{ id: 'a', name: 'a@example.com', excluded: null, defect: null, status: null, quota: null },
  counters: { ...zeroCounters(), source, filtered },
});

test('what the host counts is taken as a part of what is to be restored, never as more', () => {
  const accounts = [account(300, 48), account(300, 0), account(9, 0)];
  const items = itemsOf({ accounts }, { accounts: [0, 1] });
  expect(items).toBe(552);
  const told = (pair: string[]): number =>
    itemsIn({ 'Account restored': ['1', '2'], 'Item processed': pair }, items);
  expect(told(['372', '744'])).toBe(276);
  expect(told(['744', '744'])).toBe(552);
  expect(told(['800', '744'])).toBe(552);
  expect(told(['0', '0'])).toBe(0);
  expect(told(['many', '744'])).toBe(0);
});

test('of a source that we cannot read, what the host counts is all there is', () => {
  const accounts = [{ ...account(0, 0), counters: null }];
  const items = itemsOf({ accounts }, { accounts: [0] });
  expect(items).toBeNull();
  expect(itemsIn({ 'Item processed': ['7', '9'] }, items)).toBe(7);
  expect(itemsIn(null, items)).toBe(0);
});
