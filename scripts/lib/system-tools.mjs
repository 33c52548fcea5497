/**
 * Programs of the operating system that some tests use.
 *
 * Never a condition: without one, the tests that want it skip and say why. So a failure here is told, not thrown.
 */
import { existsSync } from 'node:fs';

import { onPath } from './paths.mjs';
import { say, warn } from './report.mjs';
import { capture, tail } from './run.mjs';

/** `program` decides whether the tool is there; sbin is looked into because it is often not on a user's PATH. */
const TOOLS = [
  {
    program: 'dovecot',
    // the last of its packages
    file: '/usr/lib/dovecot/lmtp',
    debianPackages: ['dovecot-core', 'dovecot-imapd', 'dovecot-lmtpd'],
    neededBy: 'the tests that restore into Dovecot or read restored mailboxes with it',
  },
  {
    program: 'rsync',
    debianPackages: ['rsync'],
    neededBy: 'offsite copies, and their tests,',
  },
  {
    program: 'sshd',
    debianPackages: ['openssh-server'],
    neededBy: 'the tests of offsite copies behind ssh',
  },
  {
    program: 'mount.exfat-fuse',
    debianPackages: ['exfatprogs', 'exfat-fuse'],
    neededBy: 'the tests of offsite copies on a disk that does not tell upper from lower case',
  },
  {
    program: 'chromium',
    debianPackages: ['chromium'],
    neededBy: 'the tests that look at the page of the report in a browser',
  },
];

function isThere({ program, file }) {
  if (file !== undefined) return existsSync(file);
  return onPath(program) !== undefined || existsSync(`/usr/sbin/${program}`);
}

function installByApt(packages) {
  // As in run level 1, where packages start no services: the tests run these programs on their own terms.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const update = capture('apt-get', ['-q', 'update'], { env });
  if (!update.ok) return update;
  return capture('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...packages], { env });
}

/** Installs what is missing when this user may (root on a Debian system); otherwise names it. */
export function offerSystemTools(tools = TOOLS) {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) return;
  const packages = missing.flatMap((tool) => tool.debianPackages);
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    say(`Installing ${packages.join(', ')} (apt-get) …`);
    const apt = installByApt(packages);
    if (apt.ok) return;
    warn(`apt-get failed:\n${tail(apt.output)}`);
  }
  for (const tool of missing) {
    warn(
      `Without ${tool.program}, ${tool.neededBy} are skipped. Debian: apt-get install ${tool.debianPackages.join(' ')}`,
    );
  }
}
