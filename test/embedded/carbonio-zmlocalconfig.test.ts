/** `zmlocalconfig` of the stand-in: every row of what was observed on the two real programs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CarbonioBench, until } from './carbonio-kit';

const KEY = 'zimbra_lmtp_validate_messages';
const ZEXTRAS = 998;

type Row = [args: string[], code: number, stdout: string, stderr: string];

let bench: CarbonioBench;
afterEach(() => bench.remove());

async function check(rows: readonly Row[]): Promise<void> {
  for (const [args, code, stdout, stderr] of rows) {
    expect([args, await bench.as(ZEXTRAS, 'zmlocalconfig', ...args)]).toEqual([
      args,
      { code, stdout, stderr },
    ]);
  }
}

const SAME: readonly Row[] = [
  [['-e', `${KEY}=false`], 0, '', ''],
  [[KEY], 0, `${KEY} = false\n`, ''],
  [['-m', 'nokey', KEY], 0, 'false\n', ''],
  [['-m', 'shell', KEY], 0, `${KEY}='false';\n`, ''],
  [['-m', 'export', KEY], 0, `export ${KEY}='false';\n`, ''],
  [
    ['-m', 'xml', KEY],
    0,
    `<localconfig>\n  <key name="${KEY}">\n    <value>false</value>\n  </key>\n</localconfig>\n`,
    '',
  ],
  [['-e', `${KEY}=banana`], 0, '', ''],
  [[KEY], 0, `${KEY} = banana\n`, ''],
  [['-e'], 1, '', 'Error: insufficient arguments\n'],
  [['-u', 'nosuchkey'], 1, '', 'Error: key nosuchkey is not set\n'],
  [['-e', 'zimbra_ldap_password=x'], 1, '', 'Error: can not edit key zimbra_ldap_password\n'],
  [['-f', '-e', 'zimbra_ldap_password=x<&>"y'], 0, '', ''],
  [['-s', '-m', 'nokey', 'zimbra_ldap_password'], 0, 'x<&>"y\n', ''],
  [['-u', KEY], 0, '', ''],
];

test('the Java program', async () => {
  bench = new CarbonioBench();
  const { places } = await bench.start({ variant: 'java', zextrasUid: ZEXTRAS });
  await check([
    [[KEY], 0, `${KEY} = true\n`, ''],
    [['-m', 'nokey', 'zimbra_lmtp_max_line_length'], 0, '10240\n', ''],
    ...SAME,
    [[KEY], 0, `${KEY} = true\n`, ''],
    [['-u', KEY], 0, '', ''],
    [['-e', 'K'], 1, '', "Error: argument 'K' not in key=value form\n"],
    [['nosuchkey'], 0, '', "Warning: null valued key 'nosuchkey'\n"],
    [['-q', 'nosuchkey'], 0, '', ''],
    [['-q', '-e', 'K'], 1, '', ''],
    [['zimbra_ldap_password'], 0, 'zimbra_ldap_password = *\n', ''],
    [['-l'], 0, '', ''],
    [['--reload'], 0, '', ''],
    [['-p'], 0, `${places.localconfig}\n`, ''],
  ]);
  const bad = await bench.as(ZEXTRAS, 'zmlocalconfig', '-Z');
  expect(bad).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Error: Failed to parse command line: .*Unrecognized option: -Z\n$/),
  });
  expect((await bench.as(ZEXTRAS, 'zmlocalconfig', '-k', KEY)).code).toBe(1);
  const asRoot = { code: 1, stdout: '', stderr: 'Error: cannot use -e when running as root\n' };
  expect(await bench.as(0, 'zmlocalconfig', '-e', `${KEY}=false`)).toEqual(asRoot);
  expect((await bench.as(0, 'zmlocalconfig', '-u', KEY)).code).toBe(1);
  bench.up.setFaults([{ kind: 'reload-fails', times: 1 }]);
  expect((await bench.as(ZEXTRAS, 'zmlocalconfig', '--reload')).code).toBe(1);
  await bench.up.stop();
  await check([[['--reload'], 1, '', "Error: 'mailbox' service is not running\n"]]);
});

test('the Go program', async () => {
  bench = new CarbonioBench();
  const { places } = await bench.start({ variant: 'go', zextrasUid: ZEXTRAS });
  await check([
    [[KEY], 0, '', `Warning: key "${KEY}" not found\n`],
    [['-m', 'nokey', KEY], 0, '', `Warning: key "${KEY}" not found\n`],
    ...SAME,
    [['-u', KEY], 1, '', `Error: key ${KEY} is not set\n`],
    [['-e', 'K'], 1, '', 'Error: argument "K" not in key=value form\n'],
    [['nosuchkey'], 0, '', 'Warning: key "nosuchkey" not found\n'],
    [['-q', 'nosuchkey'], 0, '', ''],
    [['zimbra_ldap_password'], 0, 'zimbra_ldap_password = **********\n', ''],
    [['-k', 'zimbra_home'], 0, 'zimbra_home = /opt/zextras\n', ''],
  ]);
  for (const option of ['-Z', '-l', '--reload', '-i']) {
    const { code, stderr } = await bench.as(ZEXTRAS, 'zmlocalconfig', option);
    expect([code, stderr]).toEqual([80, expect.stringContaining(`configd: error: unknown flag ${option}`)]);
  }
  expect((await bench.as(0, 'zmlocalconfig', '-e', `${KEY}=false`)).code).toBe(0);
  expect(existsSync(`${places.localconfig}.lock`)).toBe(false);
});

test('the Go program waits for the lock of another writer', async () => {
  bench = new CarbonioBench();
  const { places } = await bench.start({ variant: 'go', zextrasUid: ZEXTRAS });
  const holder = spawn('flock', ['-x', `${places.localconfig}.lock`, 'cat'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await until(() => existsSync(`${places.localconfig}.lock`));
  let done = false;
  const edit = bench.as(ZEXTRAS, 'zmlocalconfig', '-e', `${KEY}=false`).then((ended) => {
    done = true;
    return ended;
  });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(done).toBe(false);
  holder.stdin.end();
  expect((await edit).code).toBe(0);
  writeFileSync(
    places.localconfig,
    '<localconfig>\n  <!-- <key name="k0"><value>no</value></key> -->\n</localconfig>\n',
  );
  expect((await bench.as(ZEXTRAS, 'zmlocalconfig', '-e', 'k1=1')).code).toBe(0);
  expect(readFileSync(places.localconfig, 'utf8')).not.toContain('k0');
});
