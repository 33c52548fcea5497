/** Which engine restores: what is asked for, what can be read, what the mail host offers. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { ExternalRestoreRequest } from '../../src/contracts/external-restore';
import { EngineBench, mailboxes } from './carbonio-bench';

jest.setTimeout(60_000);
let bench: EngineBench;
let foreign: string;
beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  foreign = join(bench.dir, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'backup.json'), '{"dialect":"carbonio"}');
  await bench.open();
});
afterAll(async () => {
  await bench.replay();
  await bench.close();
});

async function failureOf(request: Partial<ExternalRestoreRequest>): Promise<ApplicationFailure> {
  const error: unknown = await (await bench.begin(request)).result().catch((e: unknown) => e);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}
const auto = { engine: 'auto' as const };

test('auto: a dialect that is known is restored directly', async () => {
  const { reportDir } = await (await bench.begin({ ...auto, accounts: ['joe@example.com'] })).result();
  const { engine } = JSON.parse(readFileSync(join(reportDir, 'report.json'), 'utf8')) as { engine: object };
  expect(engine).toEqual({ name: 'direct', reason: 'the dialect lifeboat/1 is known' });
  expect(await bench.restores()).toEqual([]);
});

test('auto: one that is not known goes to the mail host, which says what it thinks of it', async () => {
  const failure = await failureOf({ ...auto, sourcePath: foreign });
  expect(failure.type).toBe('CommandFailed');
  expect(failure.message).toMatch(/The mail host answers: .*dialect "carbonio"/);
});

test('auto: what only the mail host knows, it restores; lost items are classed by their blobs', async () => {
  const unknown = join(bench.dir, 'unknown');
  cpSync(bench.source, unknown, { recursive: true });
  const marker = JSON.parse(readFileSync(join(unknown, 'backup.json'), 'utf8')) as object;
  writeFileSync(join(unknown, 'backup.json'), JSON.stringify({ ...marker, dialect: 'stand-in/1' }));
  const request = { ...auto, sourcePath: unknown, accounts: ['jane@example.com'] };
  const result = await (await bench.begin(request)).result();
  expect(result).toMatchObject({ status: 'partial', restored: 20, skipped: 0, unrestored: 4, source: 24 });
  expect(mailboxes(bench.up.places.mailboxes)).toHaveLength(20);
  const report = JSON.parse(readFileSync(join(result.reportDir, 'report.json'), 'utf8')) as {
    engine: object;
    notes: string[];
    unrestoredByClass: object;
    accounts: Record<string, { unrestored: { item: number; class: string; error?: string }[] }>;
  };
  expect(report.engine).toEqual({
    name: 'carbonio',
    reason: 'the dialect is not known here, and the mail host answers',
  });
  expect(report.notes).toContain('The metadata cannot be read here: what the mail host says counts.');
  const classes = report.accounts['jane@example.com']?.unrestored.map((one) => [one.item, one.class]);
  expect(Object.fromEntries(classes ?? [])).toEqual({
    401: 'read',
    402: 'broken',
    403: 'broken',
    404: 'unclassed',
  });
});

test('auto: who names a target does not get it in the mailboxes of the mail host', async () => {
  const failure = await failureOf({ ...auto, sourcePath: foreign, target: `maildir:${bench.dir}/mail` });
  expect(failure.type).toBe('UnknownDialect');
  expect(failure.message).toContain('its own mailboxes only');
  expect((await failureOf({ target: `maildir:${bench.dir}/mail` })).type).toBe('InvalidInput');
});

test('auto: neither can, when the Backup module does not run', async () => {
  await bench.carbonio('backup', 'doStopService', 'module');
  const failure = await failureOf({ ...auto, sourcePath: foreign });
  expect(failure.type).toBe('UnknownDialect');
  expect(failure.message).toContain('does not run');
  expect((await failureOf({})).type).toBe('HostNotReady');
  await bench.carbonio('backup', 'doStartService', 'module');
});
