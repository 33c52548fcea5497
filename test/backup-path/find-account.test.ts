/** Accounts by what people call them. */
import { writeFileSync } from 'node:fs';
import { findAccount, findAccounts } from '../../src/backup-path/find-account';
import { accountInfo } from '../restore/store';
import { Kit, problemOf } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const add = (id: string, name: string, change: Parameters<typeof accountInfo>[2] = {}): void =>
  kit.made.writer.account(accountInfo(id, name, change));

test('by id or address, in any case; the very id first, a deleted account last', () => {
  add('B2', 'upper@example.com');
  add('b2', 'lower@example.com');
  add('c1', 'bob@example.com', { status: 'deleted' });
  add('c2', 'bob@example.com');
  add('c3', 'gone@example.com', { status: 'deleted' });
  const store = kit.open();
  for (const [wanted, id] of [
    ['A1', 'a1'],
    ['B2', 'B2'],
    ['b2', 'b2'],
    ['BOB@example.com', 'c2'],
    ['gone@example.com', 'c3'],
  ] as const)
    expect(findAccount(store, wanted).id).toBe(id);
});

test('one that is not there; perhaps it is one that cannot be read', () => {
  add('b1', 'bob@example.com');
  writeFileSync(kit.path('accounts/b1/account_info'), '{');
  const store = kit.open();
  expect(findAccount(store, 'b1')).toEqual({ id: 'b1', name: 'b1' });
  const problem = problemOf(() => findAccount(store, 'bob@example.com'));
  expect(problem.type).toBe('AccountNotFound');
  expect(problem.message).toMatch(/has no account bob@example\.com\. The account_info of 1 accounts/);
});

test('many among many: each account is looked at once', () => {
  const names = Array.from({ length: 100 }, (_, n) => `user${n}@example.com`);
  names.forEach((name, n) => add(`u${n}`, name));
  const store = kit.open();
  const look = jest.spyOn(store, 'accountInfo');
  expect(findAccounts(store, [...names].reverse()).map(({ name }) => name)).toEqual([...names].reverse());
  expect(look).toHaveBeenCalledTimes(101);
});
