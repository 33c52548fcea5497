/** Reports to test with. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { AccountReport, Counters, Finding, Note, ReportHead } from '../../src/report/model';
import { zeroCounters } from '../../src/report/model';

export function counters(some: Partial<Counters>): Counters {
  return { ...zeroCounters(), ...some };
}

export function head(some: Partial<ReportHead> = {}): ReportHead {
  return {
    version: 1,
    operationId: 'restore-7d1c',
    operation: 'External Restore',
    status: 'partial',
    engine: { name: 'direct', reason: 'the dialect is known' },
    source: { path: '/mnt/old', serverName: 'mail.example.com', serverId: 'f00d', dialect: 'lifeboat-1' },
    target: { url: 'maildir:/srv/mail', description: 'Maildir folders below /srv/mail' },
    startedAt: '2026-03-01T10:00:00.000Z',
    endedAt: '2026-03-01T10:01:03.000Z',
    phases: [
      { name: 'preflight', seconds: 0.42 },
      { name: 'items', seconds: 62.4 },
    ],
    provisioned: { domains: 1, coses: 1, lists: 0, accounts: 2, aliases: 3, existing: 1 },
    totals: counters({
      source: 20,
      restored: 14,
      skipped: 1,
      filtered: 2,
      unrestored: 3,
      folders: 9,
      tags: 2,
      bytes: 2048,
    }),
    unrestoredByClass: { read: 1, broken: 0, invalid: 2, unsupported: 0, doubtful: 0, unclassed: 0 },
    notes: ['The class of service "gold" is not in the target.'],
    notifications: [{ event: 'Operation Started', to: ['admin@example.com'], outcome: 'sent' }],
    progress: [
      { seconds: 0, items: 0 },
      { seconds: 30, items: 9 },
      { seconds: 62, items: 20 },
    ],
    ...some,
  };
}

export function account(
  name: string,
  id: string,
  some: Partial<Counters> = {},
  findings: Iterable<Finding> = [],
  notes: Iterable<Note> = [],
  excluded?: string,
): AccountReport {
  return {
    name,
    id,
    counters: counters(some),
    findings,
    notes,
    ...(excluded === undefined ? {} : { excluded }),
  };
}

export function smallAccounts(): AccountReport[] {
  return [
    account(
      'ada@example.com',
      'id-a',
      { source: 12, restored: 9, skipped: 1, unrestored: 2, folders: 5, tags: 2, bytes: 1536 },
      [
        { item: 258, class: 'read', reason: 'items/1/258: I/O error' },
        { item: 301, class: 'invalid', reason: 'line 7 is too long', savedAs: 'saved/ada/301.eml' },
      ],
      [{ item: 260, text: 'keyword left off: "27"' }],
    ),
    account('bob@example.com', 'id-b', { source: 6, restored: 5, unrestored: 1, folders: 4, bytes: 512 }, [
      { item: 99, class: 'invalid', reason: 'line 2 is too long' },
    ]),
    account('old@example.com', 'id-o', { source: 2, filtered: 2 }, [], [], 'deleted'),
  ];
}

/** Runs a body with a temporary folder that is removed afterwards. */
export async function withFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'lifeboat-report-'));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
