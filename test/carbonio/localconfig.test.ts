import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalConfig } from '../../src/carbonio/localconfig';
import { parseLocalConfig } from '../../src/carbonio/localconfig-file';
import { Problem } from '../../src/failures';
import { lockFile } from '../../src/host/file-lock';
import { failure, folder, runner, script } from './kit';

const KEY = 'zimbra_lmtp_validate_messages';
const xml = (entries: Record<string, string>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<localconfig>\n${Object.entries(entries)
    .map(([k, v]) => `  <key name="${k}">\n    <value>${v}</value>\n  </key>\n`)
    .join('')}</localconfig>\n`;

/** Both answer as in the table of the reference (observed). */
const FIXTURE = `
  const file = args[args.indexOf('-c') + 1];
  const read = () => new Map([...fs.readFileSync(file, 'utf8').matchAll(/name="(.*?)">\\s*<value>(.*?)<\\/value>/g)].map((m) => [m[1], m[2]]));
  const write = (map) => fs.writeFileSync(file, '<localconfig>' + [...map].map(([k, v]) => '<key name="' + k + '"><value>' + v + '</value></key>').join('') + '</localconfig>');
  const fail = (text, code = 1) => { process.stderr.write(text + '\\n'); process.exit(code); };
  const defaults = { ${KEY}: 'true' };
  const last = args.at(-1);
  if (args.includes('-Z')) go ? fail('configd: error: unknown flag -Z', 80) : fail('Error: Failed to parse command line: org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -Z');
  else if (args.includes('--reload')) { if (go) fail('configd: error: unknown flag --reload', 80); if (down) fail("Error: 'mailbox' service is not running"); }
  else if (args.includes('-e')) {
    if (asRoot && !go) fail('Error: cannot use -e when running as root');
    const map = read(); const [k, ...v] = last.split('=');
    if (!deaf) { map.set(k, v.join('=')); }
    setTimeout(() => write(map), 50);
  } else if (args.includes('-u')) {
    const map = read();
    if (!map.has(last) && (go || !(last in defaults))) fail('Error: key ' + last + ' is not set');
    if (sticky) map.set(last, ''); else map.delete(last);
    write(map);
  } else {
    const map = read();
    if (map.has(last)) console.log(map.get(last));
    else if (go) process.stderr.write('Warning: key "' + last + '" not found\\n');
    else console.log(defaults[last]);
  }`;

interface Setup {
  go?: boolean;
  down?: boolean;
  asRoot?: boolean;
  deaf?: boolean;
  sticky?: boolean;
  content?: string;
  reloadBySoap?: () => Promise<void>;
}

function setup({ content, reloadBySoap, ...kind }: Setup = {}) {
  const file = join(folder(), 'localconfig.xml');
  writeFileSync(file, content ?? xml({ other: 'a &amp; b' }));
  const flags = { go: false, down: false, asRoot: false, deaf: false, sticky: false, ...kind };
  const command = script(`const { go, down, asRoot, deaf, sticky } = ${JSON.stringify(flags)};${FIXTURE}`);
  const options = {
    command,
    file,
    lockFile: `${file}.locks/lock`,
    timeoutMs: 20_000,
    waitSeconds: 0,
    reloadBySoap: reloadBySoap ?? null,
  };
  return { file, config: new LocalConfig(runner(), options) };
}

describe.each([
  ['java', false],
  ['go', true],
] as const)('the product in %s', (product, go) => {
  test('is told apart, and set, unset and restored by value', async () => {
    const { config } = setup({ go });
    expect(await config.product()).toBe(product);
    const before = await config.read(KEY);
    expect(before).toEqual({ set: false });
    await config.set(KEY, 'false');
    expect(await config.read(KEY)).toEqual({ set: true, value: 'false' });
    await config.restore(KEY, { set: true, value: 'true' });
    expect(await config.read(KEY)).toEqual({ set: true, value: 'true' });
    await config.restore(KEY, before);
    expect(await config.read(KEY)).toEqual({ set: false });
    await config.unset(KEY);
  });

  test('a write that does not arrive is no success', async () => {
    const { config } = setup({ go, deaf: true });
    expect((await failure(config.set(KEY, 'false'))).type).toBe('UnknownOutput');
  });

  test('our writers do not lose changes of each other', async () => {
    const { config } = setup({ go });
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => config.set(key, `v${key}`)));
    for (const key of ['a', 'b', 'c', 'd']) {
      expect(await config.read(key)).toEqual({ set: true, value: `v${key}` });
    }
  });
});

test('the refusal as root is named, with what to set', async () => {
  const problem = await failure(setup({ asRoot: true }).config.set(KEY, 'false'));
  expect(problem.type).toBe('CommandFailed');
  expect(problem.message).toContain('LIFEBOAT_CARBONIO_USER');
});

test('a key that is emptied instead of removed, and an empty value, are failures', async () => {
  const { config } = setup({ sticky: true, content: xml({ [KEY]: 'false' }) });
  expect((await failure(config.unset(KEY))).message).toContain('empty');
  expect((await failure(config.read(KEY))).type).toBe('UnknownOutput');
});

test('reload by the tool, by SOAP, or not at all', async () => {
  await setup().config.reload();
  expect((await failure(setup({ down: true }).config.reload())).type).toBe('HostUnavailable');
  let reloads = 0;
  await setup({ go: true, reloadBySoap: async () => void reloads++ }).config.reload();
  expect(reloads).toBe(1);
  expect((await failure(setup({ go: true }).config.reload())).type).toBe('InvalidInput');
});

test('while another process writes it is not written', async () => {
  const { config, file } = setup();
  await config.set(KEY, 'true');
  const lock = await lockFile(`${file}.locks/lock`, 0);
  expect((await failure(config.set(KEY, 'false'))).type).toBe('HostBusy');
  lock?.release();
  await config.set(KEY, 'false');
});

test('keys and values that would be something else are refused', async () => {
  const { config, file } = setup();
  const before = readFileSync(file, 'utf8');
  for (const [key, value] of [
    ['a=b', 'c'],
    ['-f', 'c'],
    ['a', ''],
    ['a', ' b'],
    ['a', 'b\nc'],
  ] as const) {
    expect((await failure(config.set(key, value))).type).toBe('InvalidInput');
  }
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('an unknown tool is not guessed', async () => {
  const options = { file: '/x', lockFile: '/x', timeoutMs: 20_000, reloadBySoap: null };
  const config = new LocalConfig(runner(), { ...options, command: script('console.log("usage")') });
  expect((await failure(config.product())).type).toBe('UnknownOutput');
});

test('the file is read strictly', async () => {
  expect([...parseLocalConfig(xml({ a: 'x &lt; y', b: '' }), 'f')]).toEqual([
    ['a', 'x < y'],
    ['b', ''],
  ]);
  const key = '<key name="a"><value>hunter2</value></key>';
  const bad = [
    '',
    '<localconfig>',
    `<localconfig>${key}`,
    `<localconfig>${key}${key}</localconfig>`,
    '<localconfig><key name="a"/></localconfig>',
    '<localconfig><key><value>x</value></key></localconfig>',
    `<localconfig>x${key}</localconfig>`,
    `<other>${key}</other>`,
    '<!DOCTYPE l [<!ENTITY e "x">]><localconfig><key name="a"><value>&e;</value></key></localconfig>',
    '<localconfig><key name="a"><value>&hunter2;</value></key></localconfig>',
  ];
  for (const text of bad) {
    const problem = await failure(() => parseLocalConfig(text, 'f'));
    expect(problem).toBeInstanceOf(Problem);
    expect([problem.type, problem.message.includes('hunter2')]).toEqual(['LocalConfigUnusable', false]);
  }
});

test('the moment without a file, in which the Java tool writes, is waited out', async () => {
  const { config, file } = setup();
  const text = readFileSync(file, 'utf8');
  const { rmSync } = await import('node:fs');
  rmSync(file);
  setTimeout(() => writeFileSync(file, text), 200);
  expect(await config.read(KEY)).toEqual({ set: false });
  rmSync(file);
  expect((await failure(config.read(KEY))).type).toBe('LocalConfigUnusable');
  chmodSync(join(file, '..'), 0o755);
});
