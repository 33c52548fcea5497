import { readFile } from 'node:fs/promises';
import { writeReport } from '../../src/report/write';
import { account, head, smallAccounts, withFolder } from './sample';

const EXPECTED = `External Restore partial
Done, except for 3 items that could not be restored.

Operation Id: restore-7d1c
Source:       /mnt/old
              server mail.example.com (f00d), lifeboat-1
Target:       maildir:/srv/mail
              Maildir folders below /srv/mail
Engine:       direct (the dialect is known)
Start Time:   2026-03-01 10:00:00 UTC
End Time:     2026-03-01 10:01:03 UTC
Duration:     1 minute, 3 seconds

- phases -
preflight  0.4 s
items      1 min 2 s

- provisioning -
Created Domains: 1
Created Classes of Service: 1
Created Distribution Lists: 0
Created Accounts: 2
Created Aliases: 3
Left As They Were: 1

- stats -
Restored Items: 14
Skipped Items:  1
Unrestored Items: 3
Filtered Items: 2
Source Items: 20
Folders: 9
Tags: 2
Mountpoints: 0
Restored Bytes: 2048 (2.0 KiB)

- unrestored items -
account: ada@example.com
unrestored items: 258,301

account: bob@example.com
unrestored items: 99

- reasons and remedies -
read error: 1 item
  what to do: Check the disk and the RAID array (fsck, state of the array), fetch the file from another copy with rsync and retry; without one, rescue what is left.
  account: ada@example.com
    258: items/1/258: I/O error
invalid: 2 items
  what to do: The target refuses the item for what it is: rescue it as a file and import it by another way.
  account: ada@example.com
    301: line 7 is too long [saved as saved/ada/301.eml]
  account: bob@example.com
    99: line 2 is too long

- accounts left out -
old@example.com: deleted

- notes -
* The class of service "gold" is not in the target.
account: ada@example.com
  260: keyword left off: "27"

- notifications -
Operation Started to admin@example.com: sent
`;

async function textOf(...args: Parameters<typeof head>): Promise<string> {
  return withFolder(async (dir) => {
    const files = await writeReport(dir, { head: head(...args), accounts: smallAccounts() });
    return readFile(files.text, 'utf8');
  });
}

test('the text, to the letter', async () => {
  expect(await textOf()).toBe(EXPECTED);
});

test('a restore without a fault says so', async () => {
  const text = await withFolder(async (dir) => {
    const clean = head({
      status: 'completed',
      totals: { ...head().totals, source: 17, unrestored: 0 },
      unrestoredByClass: { read: 0, broken: 0, invalid: 0, unsupported: 0, doubtful: 0, unclassed: 0 },
    });
    const files = await writeReport(dir, { head: clean, accounts: [account('a@b.c', '1')] });
    return readFile(files.text, 'utf8');
  });
  expect(text).toContain('Everything that was asked for is in the target.');
  expect(text).toContain('Unrestored Items: 0\n');
  expect(text).toContain('- unrestored items -\nnone\n');
});

test('items of an operation that ended early are not passed over', async () => {
  const text = await textOf({
    status: 'failed',
    failure: 'The disk of the target is full.',
    totals: { ...head().totals, source: 25 },
  });
  expect(text).toContain('Not Handled Items: 5\n');
  expect(text).toContain('The disk of the target is full.\n');
});

test('a list that does not fit the count is called untrustworthy', async () => {
  const text = await textOf({ totals: { ...head().totals, unrestored: 4 } });
  expect(text).toContain('3 unrestored items are listed, but 4 were counted');
  expect(EXPECTED).not.toContain('were counted');
});

test('the password in the address of a target appears in no form of the report', async () => {
  await withFolder(async (dir) => {
    const secret = head({
      target: {
        url: 'lmtp://ann:hunter2@host:24?lookup=imap%3A%2F%2Fann%3Ahunter2%40host',
        description: 'LMTP',
      },
    });
    const files = await writeReport(dir, { head: secret, accounts: smallAccounts() });
    for (const file of [files.text, files.json, files.html]) {
      const content = await readFile(file, 'utf8');
      expect(content).not.toContain('hunter2');
      expect(content).toContain('lmtp://ann@host:24');
    }
  });
});
