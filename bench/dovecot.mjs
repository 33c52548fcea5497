/** A Dovecot on loopback for measurements: any user name, one password, mail in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PASSWORD = 'bench';
const PROGRAM = '/usr/sbin/dovecot';

export const hasDovecot = () =>
  [PROGRAM, '/usr/lib/dovecot/imap', '/usr/lib/dovecot/lmtp'].every((path) => existsSync(path));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const configuration = (folder, user, imap, lmtp) => `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = ${user}
default_internal_group = ${user}
default_login_user = ${user}
first_valid_uid = 1
disable_plaintext_auth = no
ssl = no
mail_home = ${folder}/home/%u
mail_location = sdbox:~/sdbox
mail_max_userip_connections = 50
mailbox_list_index = yes
passdb {
 driver = static
 args = password=${PASSWORD}
}
userdb {
 driver = static
 args = uid=${user} gid=${user} home=${folder}/home/%u allow_all_users=yes
}
namespace inbox {
 inbox = yes
 separator = /
}
service imap-login {
 chroot =
 service_count = 0
 client_limit = 200
 inet_listener imap {
  port = ${imap}
 }
 inet_listener imaps {
  port = 0
 }
}
service imap {
 service_count = 100
 process_limit = 100
}
service lmtp {
 client_limit = 1
 process_limit = 50
 inet_listener lmtp {
  address = 127.0.0.1
  port = ${lmtp}
 }
}
service anvil {
 chroot =
}
service stats {
 chroot =
}
service imap-urlauth-login {
 chroot =
}
protocol lmtp {
 postmaster_address = postmaster@example.com
 hostname = localhost
}
`;

/**
 * @param session whether it gets a session of its own, as a service has
 * @param core the only one that it may use
 * @returns { imapPort, lmtpPort, pid, stop }
 */
export async function startDovecot(folder, { session = false, core } = {}) {
  const isRoot = process.getuid() === 0;
  // root may not own mail: then the user that came with the package does
  const user = isRoot ? 'dovecot' : userInfo().username;
  chmodSync(folder, 0o755);
  for (const name of ['run', 'state', 'home']) mkdirSync(join(folder, name), { mode: 0o755 });
  const [imapPort, lmtpPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'dovecot.conf'), configuration(folder, user, imapPort, lmtpPort));
  if (isRoot) {
    const id = (flag) => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout.trim());
    chownSync(join(folder, 'home'), id('-u'), id('-g'));
    // that user must get there
    chmodSync(dirname(folder), 0o711);
  }
  const command = [PROGRAM, '-F', '-c', join(folder, 'dovecot.conf')];
  const [program, ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: session });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
  };
  try {
    for (const port of [imapPort, lmtpPort]) await listening(port, child, folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return { imapPort, lmtpPort, pid: child.pid, stop };
}

async function listening(port, child, folder) {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const up = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => socket.end(() => resolve(true)));
      socket.on('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
    if (up) return;
    await sleep(50);
  }
  throw new Error(`Dovecot does not answer:\n${readFileSync(join(folder, 'dovecot.log'), 'utf8')}`);
}
