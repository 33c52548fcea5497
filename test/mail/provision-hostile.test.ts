import * as fs from 'node:fs';
import { join } from 'node:path';
import { openTarget } from '../../src/mail/open-target';
import { account, plan, problemOf, scratch } from './helpers';

const quiet = (): void => undefined;
const text = (directory: string, ...path: string[]): string =>
  fs.readFileSync(join(directory, ...path), 'utf8');

test.each([
  [null, 'the backup has none'],
  ['{NOSUCH}x', 'not one that Dovecot knows'],
  ['plain', 'not one that Dovecot knows'],
  ['{SSHA}a:b', 'not one that Dovecot knows'],
  ['{SSHA}a\nroot:{PLAIN}x', 'not one that Dovecot knows'],
  ['{SSHA}a b', 'not one that Dovecot knows'],
])('the hash %j is not taken over', async (passwordHash, why) => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const counts = await target.provision(
    plan({ accounts: [account('jane@example.com', { passwordHash })] }),
    quiet,
  );
  expect(counts.notes).toHaveLength(1);
  expect(counts.notes[0]).toContain(why);
  if (passwordHash !== null) expect(counts.notes[0]).not.toContain(passwordHash);
  expect(text(directory, 'passwd')).toMatch(/^jane@example\.com:\{CRYPT\}\*:[^\n]*\n$/);
});

test('hostile names and members are left out and named, never written', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const counts = await target.provision(
    plan({
      domains: [
        { name: '../evil', attributes: {} },
        { name: 'passwd', attributes: {} },
      ],
      coses: [{ id: 'c', name: '__proto__', attributes: { __proto__x: 'y' } }],
      lists: [
        {
          name: 'team@example.com',
          members: ['ok@example.com', 'a@b\nroot: x', 'a@b, c@d', '|/bin/sh'],
          attributes: {},
        },
        { name: 'x\ny@example.com', members: [], attributes: {} },
      ],
      accounts: [
        account('../../etc@example.com'),
        account('a\nb@example.com'),
        account('jane@example.com', { aliases: ['x: y@example.com', 'ok2@example.com'] }),
      ],
    }),
    quiet,
  );
  expect(counts).toMatchObject({ domains: 0, coses: 1, lists: 1, accounts: 1, aliases: 1 });
  expect(counts.notes).toHaveLength(9);
  expect(text(directory, 'lists')).toBe('team@example.com: ok@example.com\n');
  expect(text(directory, 'aliases')).toBe('ok2@example.com: jane@example.com\n');
  expect(text(directory, 'passwd').split('\n')).toHaveLength(2);
  expect(JSON.parse(text(directory, 'coses.json')).entries[0].name).toBe('__proto__');
  expect(fs.readdirSync(directory).sort()).toEqual(
    ['.lifeboat-lock', '.lifeboat-target', 'aliases', 'coses.json', 'example.com', 'lists', 'passwd'].sort(),
  );
});

test('an alias that leads elsewhere, or is an account, stays as it is', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  fs.writeFileSync(join(directory, 'aliases'), 'info@example.com: boss@example.com\n');
  fs.writeFileSync(join(directory, 'passwd'), 'sales@example.com:x\n');
  const aliases = ['info@example.com', 'sales@example.com'];
  const counts = await target.provision(
    plan({ accounts: [account('jane@example.com', { aliases })] }),
    quiet,
  );
  expect(counts).toMatchObject({ aliases: 0, existing: 1 });
  expect(counts.notes).toHaveLength(2);
  expect(text(directory, 'aliases')).toBe('info@example.com: boss@example.com\n');
});

test("another's domains.json is left alone and said so; a passwd that is a link is refused", async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  fs.writeFileSync(join(directory, 'domains.json'), '[]');
  const counts = await target.provision(plan({ domains: [{ name: 'example.com', attributes: {} }] }), quiet);
  expect(counts.notes).toEqual(["domains.json is not one of Lifeboat's; it is left as it is."]);
  expect(text(directory, 'domains.json')).toBe('[]');
  fs.symlinkSync('/etc/passwd', join(directory, 'passwd'));
  expect((await problemOf(() => target.provision(plan({}), quiet))).type).toBe('TargetRefused');
  expect(fs.lstatSync(join(directory, 'passwd')).isSymbolicLink()).toBe(true);
});
