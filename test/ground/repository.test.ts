/** Things that must hold of the files of the repository themselves. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './run-node';

/** Put together here, so that this file does not hold one. */
const HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['pypi', 'org'],
  ['files', 'pythonhosted', 'org'],
  ['deb', 'debian', 'org'],
  ['proxy', 'golang', 'org'],
].map((parts) => parts.join('.'));

test('no file names the host of a package registry: each machine has its own way to one', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)));
  expect(files).toContain('package-lock.json');
  const found = files.flatMap((name) => {
    const text = readFileSync(join(root, name), 'latin1');
    return HOSTS.filter((host) => text.includes(host)).map((host) => `${name}: ${host}`);
  });
  expect(found).toEqual([]);
});
