/** Which remedy is told for which evidence, and that every form of the report tells it. */
import { readFile } from 'node:fs/promises';
import type { Finding } from '../../src/report/model';
import { remedyNameOf, REMEDIES, type Remediable } from '../../src/report/remedies';
import { writeReport } from '../../src/report/write';
import { account, head, withFolder } from './sample';

const blob = `/mnt/old/accounts/x/items/c0/c0${'a'.repeat(41)}=`;
const metadata = '/mnt/old/accounts/x/items/07/7';
const read = (error: string, fuse?: true): Remediable => ({
  class: 'read',
  reason: '',
  evidence: { path: blob, error, ...(fuse ? { fuse } : {}) },
});

test.each([
  ['permissions', read('EACCES')],
  ['allowOther', read('EACCES', true)],
  ['remount', read('ESTALE', true)],
  ['links', read('ELOOP')],
  ['missing', read('ENOENT')],
  ['serverConfig', { class: 'read', reason: '', evidence: { path: '/mnt/old/server', error: 'ENOENT' } }],
  ['hardware', read('EIO')],
  ['content', { class: 'broken', reason: '', evidence: { path: blob } }],
  ['metadata', { class: 'broken', reason: '', evidence: { path: metadata } }],
  ['metadata', { class: 'broken', reason: 'the name is none' }],
  ['lineLimit', { class: 'invalid', reason: 'It has a line of 10241 bytes; at most 10240.' }],
  ['refused', { class: 'invalid', reason: 'the target does not like it' }],
  ['quota', { class: 'invalid', reason: 'the mailbox is over quota (no room)' }],
  ['later', { class: 'invalid', reason: 'the mailbox takes nothing for now (451 4.0.0 try again)' }],
  ['later', { class: 'invalid', reason: 'm refuses the login of j: away. It has said so for 120 s.' }],
  ['later', { class: 'invalid', reason: 'the server does not take it for now (451 4.6.0 no)' }],
  ['later', { class: 'invalid', reason: 'the folder is locked or does not work (Timeout)' }],
  ['unsupported', { class: 'unsupported', reason: '' }],
  ['doubtful', { class: 'doubtful', reason: '' }],
  ['nothing', { class: 'double-gzipped', reason: '' }],
] as const)('%s', (name, finding) => {
  expect(remedyNameOf(finding)).toBe(name);
});

const findings: Finding[] = [
  {
    item: 7,
    class: 'read',
    reason: 'soft read error EACCES',
    evidence: { path: blob, error: 'EACCES', severity: 'soft' },
  },
  { item: 8, class: 'read', reason: 'hard read error', evidence: { path: blob, error: 'ENOENT' } },
  {
    item: 9,
    class: 'broken',
    reason: 'the digest differs',
    evidence: { path: blob, expected: 'A', found: 'B' },
  },
];

test('text, JSON and page tell evidence and remedy', async () => {
  await withFolder(async (dir) => {
    const { totals } = head();
    const files = await writeReport(dir, {
      head: head({
        totals,
        unrestoredByClass: { read: 2, broken: 1, invalid: 0, unsupported: 0, doubtful: 0, unclassed: 0 },
      }),
      accounts: [account('ada@example.com', 'a', { unrestored: 3 }, findings)],
    });
    const text = await readFile(files.text, 'utf8');
    expect(text).toContain(
      `read error: 2 items\n  what to do: ${REMEDIES.permissions}\n  account: ada@example.com\n    7: `,
    );
    expect(text).toContain(`  what to do: ${REMEDIES.missing}\n  account: ada@example.com\n    8: `);
    const json = JSON.parse(await readFile(files.json, 'utf8')) as {
      accounts: Record<string, { unrestored: object[] }>;
    };
    expect(json.accounts['ada@example.com']?.unrestored).toEqual([
      {
        item: 7,
        class: 'read',
        reason: 'soft read error EACCES',
        path: blob,
        error: 'EACCES',
        severity: 'soft',
        remedy: REMEDIES.permissions,
      },
      expect.objectContaining({ item: 8, remedy: REMEDIES.missing }),
      expect.objectContaining({ item: 9, expected: 'A', found: 'B', remedy: REMEDIES.content }),
    ]);
    const html = await readFile(files.html, 'utf8');
    for (const name of ['permissions', 'missing', 'content']) {
      expect(html).toContain(`id="do-${name}"`);
      expect(html).toContain(`href="#do-${name}"`);
    }
  });
});
