/** A stop in the middle of a large message: what was before it is recorded, the rest of the batch was never begun. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MEMORY_LIMIT } from '../../src/backup-path/blob';
import { Ledger } from '../../src/ledger/ledger';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from './bench';
import { accountInfo, mail } from './store';

let bench: RestoreBench;
beforeEach(() => (bench = new RestoreBench()));
afterEach(() => bench.remove());

test('no intent is left of what was not begun, and the next step brings it', async () => {
  bench.store.writer.account(accountInfo('acc-1', 'jane@example.com'));
  const large = mail('large', 'a line of the large one\r\n'.repeat(MEMORY_LIMIT / 20));
  for (const item of [1000, 1001, 1003]) bench.store.message('acc-1', item, mail(`m ${item}`));
  bench.store.message('acc-1', 1002, large);
  const request = await bench.begin();
  const { settings } = bench;
  let asked = 0;
  // two questions come before the batch, every other one within the large blob
  const hooks = { progress: () => undefined, stopRequested: () => ++asked > 2 };
  const stopped = await TASKS.slice({ request, settings, lane: 0, seconds: 60 }, hooks);
  expect(asked).toBeGreaterThan(2);
  expect(stopped).toMatchObject({ more: true, handled: 2, accountsDone: 0 });
  expect(stopped.counters).toMatchObject({ restored: 2, unrestored: 0 });

  const ledger = Ledger.open(settings.stateDir);
  const operation = ledger.existingOperation(request.operationKey);
  expect(ledger.takeAccount(operation.row().scope, operation.work(0).account).doubts()).toEqual([]);
  await ledger.close();

  const { counters, more } = await bench.slice(request);
  expect(more).toBe(false);
  expect(counters).toMatchObject({ restored: 4, unrestored: 0, skipped: 0 });
  expect(readdirSync(join(bench.mailDir, 'example.com/jane/Maildir/cur'))).toHaveLength(4);
}, 30_000);
