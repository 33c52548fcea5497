import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { externalRestoreInput } from '../../src/contracts/external-restore';
import { FAILURES } from '../../src/failures';
import { run, type Ended } from './cli';
import { Ground } from './ground';

let ground: Ground;
beforeAll(() => {
  ground = new Ground();
});
afterAll(() => ground.clean());

const lifeboat = (...args: string[]): Promise<Ended> => run(args, ground.env, ground.dir);

interface Failure {
  status: string;
  error: { type: string; message: string };
}
const document = ({ stdout }: Ended): Failure => JSON.parse(stdout) as Failure;

test('help teaches the first steps, exit codes and variables, without escape codes', async () => {
  const { code, stdout, stderr } = await lifeboat('--help');
  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const word of [
    '--embedded',
    'lifeboat dev',
    '130',
    'LIFEBOAT_STATE_DIR',
    'never on a real Carbonio',
  ]) {
    expect(stdout).toContain(word);
  }
  expect(stdout).not.toContain('\u001b');
});

test('a wrong command points to its own help; help that lists commands fits a terminal', async () => {
  expect((await lifeboat('dr', 'approve', 'x')).stderr).toContain(
    '(`lifeboat dr approve --help` explains it)',
  );
  for (const name of ['dr', 'targets', 'queue', 'offsite']) {
    const { stdout } = await lifeboat(name, '--help');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(100);
  }
});

test('a field that is missing is said to be needed', async () => {
  const { code, stderr } = await lifeboat('host', 'undelete');
  expect(code).toBe(2);
  expect(stderr).toContain('account: is needed.');
});

test('prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect((await lifeboat('--version')).stdout).toBe(`${version}\n`);
});

test.each([
  ['an unknown command', ['restor'], /unknown command 'restor'/],
  ['an unknown option', ['restore', 'x', '--nope'], /unknown option '--nope'/],
  ['no source', ['restore'], /missing required argument 'sourcePath'/],
  ['an empty source', ['restore', ''], /sourcePath: the path must not be empty/],
  [
    'a number that is none',
    ['restore', 'x', '--concurrent-accounts', 'two'],
    /--concurrent-accounts.*whole number/,
  ],
  ['a number out of range', ['restore', 'x', '--concurrent-accounts', '65'], /\(--concurrent-accounts\)/],
  ['an empty list, which would mean all', ['restore', 'x', '--accounts', ''], /--accounts.*is empty/],
  [
    'an address that is none',
    ['restore', 'x', '--notifications', 'me'],
    /notifications.0: must be a mail address/,
  ],
  ['another choice', ['restore', 'x', '--on-invalid', 'drop'], /Allowed choices are report, save/],
  ['an unknown target', ['restore', 'x', '--target', 'pop3://x'], /kind "pop3" are not known/],
  ['a target without a folder', ['restore', 'x', '--target', 'maildir:'], /The target is not right/],
  ['a ~ that no shell expands', ['restore', 'x', '--target', 'maildir:~/m'], /\$HOME/],
  ['--embedded with --detach', ['restore', 'x', '--embedded', '--detach'], /ends? with this command/],
  ['a port that is none', ['dev', '--port', '70000'], /It must be a port/],
  ['an unknown workflow', ['example', 'nope'], /Known: externalRestore/],
])('refuses %s with exit code 2, on standard error', async (_, args, message) => {
  const { code, stdout, stderr } = await lifeboat(...args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('names every variable that is wrong', async () => {
  const { code, stderr } = await run(['status'], { LIFEBOAT_STATE_DIR: 'here', LIFEBOAT_LOG_LEVEL: 'loud' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/LIFEBOAT_STATE_DIR.*LIFEBOAT_LOG_LEVEL/);
});

test('with --json, failures before the start are one JSON document too', async () => {
  const usage = await lifeboat('restore', '--json');
  expect(usage.code).toBe(2);
  expect(document(usage)).toMatchObject({ status: 'failed', error: { type: 'Usage' } });

  const input = await lifeboat('restore', 'x', '--max-file-size', '0', '--json');
  expect(input.code).toBe(2);
  expect(document(input)).toMatchObject({ status: 'failed', error: { type: 'InvalidInput' }, accounts: {} });
});

test('with --json, a failure of another command has a shape of its own', async () => {
  const usage = await lifeboat('verify', '--json');
  expect([usage.code, document(usage)]).toEqual([
    2,
    { error: { type: 'Usage', message: expect.stringContaining('missing required argument'), remedy: null } },
  ]);
  const none = await lifeboat('server-config', 'standard', '--backup-path', '/no/such', '--json');
  const { remedy } = FAILURES.SourceNotFound;
  expect([none.code, document(none)]).toEqual([
    2,
    { error: { type: 'SourceNotFound', message: expect.stringContaining(`/no/such`), remedy } },
  ]);
  expect(document(none).error.message).toContain(remedy);
  const retry = await lifeboat('retry', '/no/such', '--classes', 'none', '--json');
  expect([retry.code, document(retry)]).toMatchObject([2, { status: 'failed', accounts: {} }]);
});

test('says how to start a server when none answers', async () => {
  // a port that was free a moment ago: nobody listens
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const address = `127.0.0.1:${port}`;
  const env = { ...ground.env, TEMPORAL_ADDRESS: address };

  const restore = await run(['restore', ground.source, '--json'], env);
  expect(restore.code).toBe(1);
  const { error } = document(restore);
  expect(error.type).toBe('ServerUnreachable');
  expect(error.message).toContain(address);
  for (const remedy of ['lifeboat dev', '--embedded', 'TEMPORAL_ADDRESS'])
    expect(error.message).toContain(remedy);

  const worker = await run(['worker'], env);
  expect(worker).toMatchObject({ code: 1, stdout: '' });
  expect(worker.stderr).toContain(address);
});

test('the example is valid, and is the file that is pasted into the web interface', async () => {
  const { code, stdout } = await lifeboat('example', 'externalRestore');
  expect(code).toBe(0);
  expect(externalRestoreInput.safeParse(JSON.parse(stdout)).success).toBe(true);
  const file = join(__dirname, '../../examples/external-restore.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(stdout));

  expect((await lifeboat('example')).stdout).toMatch(/^externalRestore {2}/);
});

test('example --all-fields describes every field with its default', async () => {
  const { stdout } = await lifeboat('example', 'external-restore', '--all-fields');
  const { properties } = JSON.parse(stdout) as {
    properties: Record<string, { description?: string; default?: unknown }>;
  };
  const internal = ['carry', 'engineChoice', 'onlyItems', 'recovery', 'turn', 'turnOf'];
  const fields = Object.keys(externalRestoreInput.shape).filter((name) => !internal.includes(name));
  expect(Object.keys(properties).sort()).toEqual(fields.sort());
  expect(Object.values(properties).every(({ description }) => description)).toBe(true);
  expect(properties['concurrentAccounts']?.default).toBe(2);
});
