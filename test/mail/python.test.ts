import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { current, message, never, openJane, scratch } from './helpers';

/** Prints every message that Python's standard library finds: folder, flags, date, SHA-256 of its bytes. */
const READER = `
import hashlib, json, mailbox, sys
def messages(box, folder):
    for key in box.iterkeys():
        found = box.get_message(key)
        # Straight from the file: Python itself turns line ends around.
        with open(box._path + '/' + box._lookup(key), 'rb') as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        assert found.get_subdir() == 'cur'
        yield [folder, found['Subject'], found.get_flags(), found.get_date(), digest]
root = mailbox.Maildir(sys.argv[1], create=False)
rows = list(messages(root, ''))
for name in root.list_folders():
    rows.extend(messages(root.get_folder(name), name))
print(json.dumps(rows))
`;

test("Python's mailbox.Maildir reads every folder, flag, date and byte", async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const work = await mailbox.folder(undefined, 'Größe & mehr', never);
  const folders = [
    '',
    (await mailbox.systemFolder('Sent')).folder,
    work.folder,
    (await mailbox.folder(work.folder, '日本語', never)).folder,
  ];
  const flags = ['u', 'f', 'ufrw', 'dx', ''];
  const expected: unknown[][] = [];
  for (let id = 1; id <= 60; id++) {
    const folder = folders[id % folders.length] ?? '';
    const flag = flags[id % flags.length] ?? '';
    const bytes = Buffer.from(`Subject: ${id}\r\nX: y\n\nBody ${'ü'.repeat(id)}\r\n\u0000end`);
    const date = 1_600_000_000_000 + id * 1000;
    await mailbox.deliver(
      message(id, {
        folder,
        flags: flag,
        date,
        tags: id % 3 === 0 ? ['Tag'] : [],
        content: { kind: 'memory', bytes },
      }),
    );
    const letters = { u: '', f: 'FS', ufrw: 'FPR', dx: 'DST', '': 'S' }[flag] ?? '';
    const sha = createHash('sha256').update(bytes).digest('hex');
    expected.push([folder.slice(1), String(id), id % 3 === 0 ? `${letters}a` : letters, date / 1000, sha]);
  }
  await mailbox.commit(current);
  const maildir = join(directory, 'example.com', 'jane', 'Maildir');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READER, maildir], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const order = (rows: unknown[][]): unknown[][] => rows.sort((a, b) => Number(a[1]) - Number(b[1]));
  const rows: unknown[][] = JSON.parse(stdout);
  expect(order(rows)).toEqual(order(expected));
});
