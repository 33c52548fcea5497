import * as fs from 'node:fs';
import { join } from 'node:path';
import { current, listed, message, never, openJane, problemOf, scratch, tree } from './helpers';

const at = (directory: string, ...more: string[]): string =>
  join(directory, 'example.com', 'jane', 'Maildir', ...more);

test('a folder is made whole once, subscribed once, and what others subscribed to stays', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  fs.writeFileSync(at(directory, 'subscriptions'), 'Theirs');
  const work = await mailbox.folder(undefined, 'Work', never);
  expect(work).toEqual({ folder: '.Work', created: true });
  expect(await mailbox.folder('.Work', 'Sub', never)).toEqual({ folder: '.Work.Sub', created: true });
  expect(await mailbox.systemFolder('Sent')).toEqual({ folder: '.Sent', created: true });
  expect(await mailbox.systemFolder('Inbox')).toEqual({ folder: '', created: false });
  await mailbox.commit(current);
  const again = await openJane(directory);
  expect((await again.folder(undefined, 'Work', never)).created).toBe(false);
  await again.commit(current);
  expect(fs.readFileSync(at(directory, 'subscriptions'), 'utf8')).toBe('Theirs\nWork\nWork.Sub\nSent\n');
  expect(fs.readdirSync(at(directory, '.Work.Sub')).sort()).toEqual(['cur', 'maildirfolder', 'new', 'tmp']);
  expect(fs.statSync(at(directory, '.Work.Sub', 'cur')).mode & 0o777).toBe(0o700);
});

test("Dovecot's newer form of subscriptions is kept", async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  fs.writeFileSync(at(directory, 'subscriptions'), 'V\t2\n\nTheirs\tSub\n');
  await mailbox.folder('.Theirs', 'Sub', never);
  await mailbox.folder('.Work', 'Größe', never);
  expect(fs.readFileSync(at(directory, 'subscriptions'), 'utf8')).toBe(
    'V\t2\n\nTheirs\tSub\nWork\tGr&APYA3w-e\n',
  );
});

test('a folder that was removed meanwhile is made again when it is asked for', async () => {
  const directory = scratch();
  await (await openJane(directory)).folder(undefined, 'Work', never);
  fs.rmSync(at(directory, '.Work'), { recursive: true });
  const mailbox = await openJane(directory);
  await mailbox.ensureFolder('.Work');
  await mailbox.deliver(message(1, { folder: '.Work' }));
  await mailbox.commit(current);
  expect(fs.readdirSync(at(directory, '.Work', 'cur'))).toHaveLength(1);
});

test('a folder that goes away under an open mailbox is a failure that can be retried', async () => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  await mailbox.deliver(message(1));
  fs.rmSync(at(directory), { recursive: true });
  expect((await problemOf(() => mailbox.commit(current))).type).toBe('TargetUnavailable');
});

test.each(['../x', '.a..b', '.a/../../b', 'Work', '/etc'])('the folder %j is refused', async (folder) => {
  const directory = scratch();
  const mailbox = await openJane(directory);
  const before = tree(directory);
  const { type } = await problemOf(() => mailbox.deliver(message(1, { folder })));
  expect(type).toBe('InvalidInput');
  expect(tree(directory)).toEqual(before);
});

test.each(['example.com', 'example.com/jane', 'example.com/jane/Maildir', 'example.com/jane/Maildir/cur'])(
  'mail is not written through a symbolic link at %s',
  async (place) => {
    const directory = scratch();
    const outside = scratch();
    fs.mkdirSync(join(directory, place, '..'), { recursive: true });
    fs.symlinkSync(outside, join(directory, place));
    const { type, message: text } = await problemOf(() => openJane(directory));
    expect(type).toBe('TargetRefused');
    expect(text).toContain(join(directory, place));
    expect(fs.readdirSync(outside)).toEqual([]);
  },
);

test('nor through a folder that is a link', async () => {
  const directory = scratch();
  const outside = scratch();
  const mailbox = await openJane(directory);
  fs.symlinkSync(outside, at(directory, '.Work'));
  expect((await problemOf(() => mailbox.folder(undefined, 'Work', never))).type).toBe('TargetRefused');
  expect(await listed(mailbox)).toEqual([]);
  expect(fs.readdirSync(outside)).toEqual([]);
});

test('only messages are held', async () => {
  const mailbox = await openJane(scratch());
  expect(mailbox.accepts('message')).toBe(true);
  expect(mailbox.accepts('contact')).toBe(false);
});
