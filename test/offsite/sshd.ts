/** A real sshd on loopback, with host key, configuration and one login key of its own, in a folder of the test. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, listening } from './kit';

const PROGRAM = '/usr/sbin/sshd';
/** Where root's sshd puts its children; the service makes it when it starts. */
const PRIVSEP = '/run/sshd';

/** Without it, or without the client, these tests are skipped. */
export const hasSshd = (): boolean =>
  existsSync(PROGRAM) && ['ssh', 'ssh-keygen'].every((name) => spawnSync(name, ['-?']).error === undefined);

export class SshServer {
  port = 0;
  private child: ChildProcess | null = null;
  private madePrivsep = false;

  /** @param dir is made; the login key is `dir/login`, the file of trusted hosts `dir/known_hosts` */
  constructor(readonly dir: string) {}

  get options(): { keyFile: string; knownHostsFile: string; port: number } {
    return {
      keyFile: join(this.dir, 'login'),
      knownHostsFile: join(this.dir, 'known_hosts'),
      port: this.port,
    };
  }

  /** As in `user@127.0.0.1:/path`. */
  at(path: string): string {
    return `${userInfo().username}@127.0.0.1:${path}`;
  }

  async start(): Promise<this> {
    if (this.port === 0) await this.prepare();
    if (process.getuid?.() === 0 && !existsSync(PRIVSEP)) {
      mkdirSync(PRIVSEP, { mode: 0o755 });
      this.madePrivsep = true;
    }
    this.child = spawn(PROGRAM, ['-D', '-e', '-f', join(this.dir, 'sshd_config')], { stdio: 'ignore' });
    await listening(this.port);
    return this;
  }

  /** A key pair of ed25519 without a passphrase. Answers the public key. */
  key(name: string): string {
    const file = join(this.dir, name);
    const { status, stderr } = spawnSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      name,
      '-f',
      file,
    ]);
    if (status !== 0) throw new Error(`ssh-keygen: ${String(stderr)}`);
    return readFileSync(`${file}.pub`, 'utf8');
  }

  trust(file: string, publicKey: string): string {
    const path = join(this.dir, file);
    writeFileSync(path, `[127.0.0.1]:${this.port} ${publicKey}`);
    return path;
  }

  private async prepare(): Promise<void> {
    this.port = await freePort();
    mkdirSync(this.dir);
    this.trust('known_hosts', this.key('host'));
    writeFileSync(join(this.dir, 'authorized'), this.key('login'), { mode: 0o600 });
    const lines = [
      ...[
        `Port ${this.port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${join(this.dir, 'host')}`,
        'PidFile none',
      ],
      ...[`AuthorizedKeysFile ${join(this.dir, 'authorized')}`, 'StrictModes no', 'UsePAM no', 'UseDNS no'],
      ...['PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
    ];
    writeFileSync(join(this.dir, 'sshd_config'), `${lines.join('\n')}\n`);
  }

  /** As a machine that loses its power: the server and every process of its sessions. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    for (const pid of [child.pid, ...descendants(child.pid)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it ended with the one before
      }
    }
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.madePrivsep) rmdirSync(PRIVSEP);
  }
}

function descendants(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = /^\d+$/.test(name) ? readFileSync(`/proc/${name}/stat`, 'utf8') : '';
      const parent = /\) \S (\d+)/.exec(stat)?.[1];
      return parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent) }];
    } catch {
      return [];
    }
  });
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((one) => [one.pid, ...below(one.pid)]);
  return below(pid);
}
