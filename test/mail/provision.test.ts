import * as fs from 'node:fs';
import { join } from 'node:path';
import { openTarget } from '../../src/mail/open-target';
import type { ProvisionAccount } from '../../src/mail/target';
import { account, JANE, plan, problemOf, scratch, tree } from './helpers';

const quiet = (): void => undefined;
const domains = [
  { name: 'example.com', attributes: { zimbraDomainStatus: 'active', zimbraPreAuthKey: 'k' } },
];
const full = (more: ProvisionAccount[] = []) =>
  plan({
    domains,
    coses: [{ id: 'c1', name: 'default', attributes: { zimbraMailQuota: '0' } }],
    lists: [{ name: 'team@example.com', members: ['jane@example.com', 'jack@example.com'], attributes: {} }],
    accounts: [
      account('jane@example.com', {
        displayName: 'Jane',
        cos: 'default',
        aliases: ['j.doe@example.com'],
        attributes: {
          zimbraMailQuota: '5',
          userPassword: '{SSHA512}bm90IGhlcmU=',
          other: ['{SSHA}AAAAAAAAAAAA'],
        },
        signatures: [{ name: 'short', html: '<b>J</b>' }],
      }),
      account('jack@example.com', { status: 'locked', passwordHash: '{ssha}aGFzaA==' }),
      ...more,
    ],
  });
const text = (directory: string, ...path: string[]): string =>
  fs.readFileSync(join(directory, ...path), 'utf8');

test('everything is made once; a second run changes nothing and counts all as existing', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const seen: number[] = [];
  const counts = await target.provision(full(), (done) => seen.push(done));
  expect(counts).toEqual({ domains: 1, coses: 1, lists: 1, accounts: 2, aliases: 1, existing: 0, notes: [] });
  expect(seen).toEqual([2]);
  expect(text(directory, 'passwd')).toBe(
    `jane@example.com:{SSHA512}aGFzaA==::::${directory}/example.com/jane::userdb_mail=maildir:${directory}/example.com/jane/Maildir\n` +
      `jack@example.com:{ssha}aGFzaA==::::${directory}/example.com/jack::userdb_mail=maildir:${directory}/example.com/jack/Maildir nologin=y\n`,
  );
  expect(text(directory, 'aliases')).toBe('j.doe@example.com: jane@example.com\n');
  expect(text(directory, 'lists')).toBe('team@example.com: jane@example.com, jack@example.com\n');
  expect(JSON.parse(text(directory, 'domains.json'))).toEqual({
    format: 'lifeboat/domains/1',
    entries: [{ name: 'example.com', attributes: { zimbraDomainStatus: 'active' } }],
  });
  expect(JSON.parse(text(directory, 'coses.json'))).toMatchObject({
    entries: [{ id: 'c1', name: 'default' }],
  });
  expect(JSON.parse(text(directory, 'example.com', 'jane', 'account.json'))).toEqual({
    format: 'lifeboat/account/1',
    id: 'id of jane@example.com',
    name: 'jane@example.com',
    displayName: 'Jane',
    status: 'active',
    cos: 'default',
    aliases: ['j.doe@example.com'],
    attributes: { zimbraMailQuota: '5' },
    signatures: [{ name: 'short', html: '<b>J</b>' }],
  });
  expect(fs.statSync(join(directory, 'passwd')).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(join(directory, 'example.com', 'jane', 'Maildir')).sort()).toEqual([
    'cur',
    'new',
    'tmp',
  ]);
  expect(await target.hasAccount(JANE)).toBe(true);
  expect(await target.hasAccount({ id: 'x', name: 'nobody@example.com' })).toBe(false);

  const before = tree(directory);
  const inode = fs.statSync(join(directory, 'passwd')).ino;
  const again = await target.provision(full(), quiet);
  expect(again).toEqual({ domains: 0, coses: 0, lists: 0, accounts: 0, aliases: 0, existing: 6, notes: [] });
  expect(tree(directory)).toEqual(before);
  expect(fs.statSync(join(directory, 'passwd')).ino).toBe(inode);
});

test("others' lines, mode and accounts stay as they are", async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const foreign = Buffer.concat([
    Buffer.from('# mine: yes\nJane@Example.com:{PLAIN}secret:1000:1000::/home/jane::nologin=y x=a:b\nbr'),
    Buffer.from([0xff]),
    Buffer.from('oken\nlast:{PLAIN}x:::::'),
  ]);
  fs.writeFileSync(join(directory, 'passwd'), foreign, { mode: 0o640 });
  fs.writeFileSync(join(directory, 'lists'), 'TEAM@example.com : old@example.com\n');
  const counts = await target.provision(full(), quiet);
  expect(counts).toMatchObject({ accounts: 1, lists: 0, existing: 2 });
  const passwd = fs.readFileSync(join(directory, 'passwd'));
  expect(passwd.subarray(0, foreign.length).equals(foreign)).toBe(true);
  expect(passwd.subarray(foreign.length).toString()).toMatch(/^\njack@example\.com:[^\n]*\n$/);
  expect(fs.statSync(join(directory, 'passwd')).mode & 0o777).toBe(0o640);
  expect(text(directory, 'lists')).toBe('TEAM@example.com : old@example.com\n');
  expect(fs.existsSync(join(directory, 'example.com', 'jane'))).toBe(false);
  expect(await target.hasAccount(JANE)).toBe(true);

  const overwritten = await target.provision(
    { ...full(), options: { ...full().options, overwriteAccounts: true } },
    quiet,
  );
  expect(overwritten.accounts).toBe(2);
  // Password and lock are the backup's; what the administrator set beside them is kept.
  expect(text(directory, 'passwd').split('\n')[1]).toBe(
    'Jane@Example.com:{SSHA512}aGFzaA==:1000:1000::/home/jane::x=a:b',
  );
  expect(fs.existsSync(join(directory, 'example.com', 'jane', 'account.json'))).toBe(true);
});

test('a mailbox without a line in passwd is an existing account', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  await target.openMailbox(JANE);
  expect(await target.provision(full(), quiet)).toMatchObject({ accounts: 1 });
  expect(text(directory, 'passwd')).not.toContain('jane@');
  expect(fs.existsSync(join(directory, 'example.com', 'jane', 'account.json'))).toBe(false);
});

test('what an interrupted run began is completed by the next one', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const broken = plan({
    domains,
    accounts: (function* () {
      for (let n = 0; n < 300; n++) yield account(`user${n}@example.com`);
      throw new Error('killed');
    })(),
  });
  await expect(target.provision(broken, quiet)).rejects.toThrow('killed');
  expect(fs.existsSync(join(directory, 'example.com', 'user1', 'account.json'))).toBe(true);
  expect(fs.existsSync(join(directory, 'passwd'))).toBe(false);
  // The end of a journal that was cut off names nobody, though it looks like somebody who is there.
  await target.openMailbox({ id: 'x', name: 'old@example.com' });
  fs.appendFileSync(join(directory, '.lifeboat-provisioning'), 'old@example.com');
  const names = [...Array.from({ length: 300 }, (_unused, n) => `user${n}@example.com`), 'old@example.com'];
  const counts = await target.provision(
    plan({ domains, accounts: names.map((name) => account(name)) }),
    quiet,
  );
  expect(counts).toMatchObject({ accounts: 300, domains: 0, existing: 2 });
  expect(text(directory, 'passwd').trim().split('\n')).toHaveLength(300);
  expect(text(directory, 'passwd')).not.toContain('old@');
  expect(fs.existsSync(join(directory, '.lifeboat-provisioning'))).toBe(false);
});

test('leftovers of interrupted writes are removed', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  fs.writeFileSync(join(directory, '.passwd.lifeboat-0123456789ab'), 'half');
  fs.writeFileSync(join(directory, '.passwd.other'), 'theirs');
  await target.provision(full(), quiet);
  expect(
    fs
      .readdirSync(directory)
      .filter((name) => name.startsWith('.'))
      .sort(),
  ).toEqual(['.lifeboat-lock', '.lifeboat-target', '.passwd.other']);
});

test('what is not to be made is asked for, and nothing is made when it is missing', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const many = Array.from({ length: 25 }, (_unused, n) => ({ name: `d${n}.example`, attributes: {} }));
  const noDomain = await problemOf(() =>
    target.provision(plan({ domains: many }, { skipDomainProvisioning: true }), quiet),
  );
  expect(noDomain.type).toBe('DomainMissing');
  expect(noDomain.message).toContain('d19.example and 5 more');
  const accounts = full().accounts;
  const noAccount = await problemOf(() =>
    target.provision(plan({ domains, accounts }, { skipAccountProvisioning: true }), quiet),
  );
  expect(noAccount.type).toBe('AccountMissing');
  expect(noAccount.message).toContain('jane@example.com, jack@example.com');
  const other = await problemOf(() =>
    target.provision(plan({ accounts }, { skipDomainProvisioning: true }), quiet),
  );
  expect(other.type).toBe('DomainMissing');
  expect(fs.readdirSync(directory).sort()).toEqual(['.lifeboat-lock', '.lifeboat-target']);
});

test('each kind can be left out', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const options = { skipAliases: true, skipDistributionLists: true, skipCoses: true };
  const counts = await target.provision({ ...full(), options: { ...full().options, ...options } }, quiet);
  expect(counts).toMatchObject({ domains: 1, coses: 0, lists: 0, accounts: 2, aliases: 0 });
  expect(fs.readdirSync(directory).sort()).toEqual([
    '.lifeboat-lock',
    '.lifeboat-target',
    'domains.json',
    'example.com',
    'passwd',
  ]);
});
