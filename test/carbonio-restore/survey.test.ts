/** What is in the source before the mail host restores it, on its bad days. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupPath } from '../../src/backup-path/store';
import { batchesOf, survey, type SurveyRow } from '../../src/carbonio-restore/survey';
import { externalRestoreInput } from '../../src/contracts/external-restore';
import { accountInfo, mail, TestStore } from '../restore/store';

let dir: string;
let root: string;
let store: TestStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-survey-'));
  root = join(dir, 'old');
  store = new TestStore(root);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const input = externalRestoreInput.parse({ sourcePath: '/mnt/old' });
const look = (opened = BackupPath.open(root)): SurveyRow[] => survey(opened, input, () => undefined);
const problem = (body: () => unknown): unknown => {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
};

function accounts(count: number): string[] {
  const ids = Array.from({ length: count }, (_, n) => `a${String(n).padStart(3, '0')}`);
  for (const id of ids) {
    store.writer.account(accountInfo(id, `${id}@example.com`));
    store.message(id, 300, mail(id));
  }
  return ids;
}
const lose = (id: string): void => rmSync(join(root, 'accounts', id, 'account_info'));

test('accounts that cannot be read are findings, however many, while others can be read', () => {
  const ids = accounts(62);
  ids.slice(0, 60).forEach(lose);
  const rows = look();
  expect(rows.filter(({ defect }) => defect?.kind === 'read')).toHaveLength(60);
  const rules = { batchAccounts: 25, largeAccountItems: 10 };
  expect(batchesOf(rows, rules).map((batch) => batch.map((at) => rows[at]?.id))).toEqual([ids.slice(60)]);
  // their items are counted, so that the report can name them
  expect(rows.reduce((sum, { counters }) => sum + (counters?.source ?? 0), 0)).toBe(62);
});

test('none of many can be read: that is the source; of a few it may be chance', () => {
  const ids = accounts(50);
  ids.forEach(lose);
  expect(problem(look)).toMatchObject({ type: 'SourceUnavailable' });
  rmSync(join(root, 'accounts', 'a000'), { recursive: true });
  expect(look()).toHaveLength(49);
});

test('the source goes away while its accounts are read', () => {
  accounts(3).forEach(lose);
  const opened = BackupPath.open(root);
  renameSync(root, `${root}.away`);
  expect(problem(() => look(opened))).toMatchObject({ type: 'SourceUnavailable' });
});

test('an account that can be read only now and then is no finding', () => {
  accounts(2);
  lose('a000');
  const opened = BackupPath.open(root);
  const read = opened.accountInfo.bind(opened);
  let asked = 0;
  opened.accountInfo = (id) => {
    if (id === 'a000' && ++asked === 2) store.writer.account(accountInfo(id, 'a000@example.com'));
    return read(id);
  };
  expect(problem(() => look(opened))).toMatchObject({
    type: 'SourceUnavailable',
    message: expect.stringContaining('only now and then') as string,
  });
});
