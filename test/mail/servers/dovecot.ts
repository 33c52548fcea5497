/** A real Dovecot on loopback, with a configuration of its own, that a test starts, kills and starts again. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configuration, makeCertificate, userLines, type DovecotOptions } from './dovecot-config';

export { PASSWORD, type DovecotOptions } from './dovecot-config';

const PROGRAM = '/usr/sbin/dovecot';
const NOTES = /(^|\/)dovecot\.(list\.)?index(\.[a-z0-9.]+)?$/;

/** Whether this machine has what these tests need; without it they are skipped. */
export const hasDovecot = (): boolean =>
  existsSync(PROGRAM) && existsSync('/usr/lib/dovecot/imap') && existsSync('/usr/lib/dovecot/lmtp');

export class Dovecot {
  readonly folder: string;
  imapPort = 0;
  imapsPort = 0;
  lmtpPort = 0;
  #process: ChildProcess | undefined;
  readonly #user: string;

  constructor(private readonly options: DovecotOptions = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'lifeboat-dovecot-'));
    // root may not own mail: then the user that came with the package does
    this.#user = process.getuid?.() === 0 ? 'dovecot' : userInfo().username;
  }

  async start(): Promise<this> {
    if (this.imapPort === 0) await this.#prepare();
    const child = spawn(PROGRAM, ['-F', '-c', join(this.folder, 'dovecot.conf')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#process = child;
    for (const port of [this.imapPort, this.lmtpPort]) await this.#listening(port, child);
    return this;
  }

  get certificate(): string {
    return join(this.folder, 'cert.pem');
  }

  get pid(): number {
    return this.#process?.pid as number;
  }

  get isUp(): boolean {
    return (
      this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  /** As a machine that loses its power, as far as a process can: the server and every process of its sessions. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || !this.isUp) return;
    // or it begins a session meanwhile, which lives on and stores
    signal(child.pid, 'SIGSTOP');
    const pids = [child.pid, ...descendants(child.pid)];
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for (const pid of pids) signal(pid, 'SIGKILL');
    await ended;
    await gone(pids);
    rmSync(join(this.folder, 'run', 'master.pid'), { force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** As they lie in the Inbox on the disk. */
  storedMessages(user: string): string[] {
    const folder = join(this.folder, 'home', user, 'sdbox', 'mailboxes', 'INBOX', 'dbox-Mails');
    const names = readdirSync(folder).filter((name) => name.startsWith('u.'));
    return names.map((name) => readFileSync(join(folder, name), 'latin1'));
  }

  /**
   * Notes what the server knows of its messages beside the messages. Put back later, by what this answers, the server is
   * as one that was killed when it had stored messages and had not noted that yet.
   */
  notedOf(user: string): () => void {
    const before = this.#notes(user).map((path) => [path, readFileSync(path)] as const);
    return () => {
      const known = new Map(before);
      for (const path of this.#notes(user)) {
        const bytes = known.get(path);
        if (bytes === undefined) rmSync(path);
        // into the file that is there: it is the server's, who may be another user
        else writeFileSync(path, bytes);
      }
    };
  }

  #notes(user: string): string[] {
    const home = join(this.folder, 'home', user);
    const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => NOTES.test(name)).map((name) => join(home, name));
  }

  /** As if the account had been made anew. */
  removeHome(user: string): void {
    rmSync(join(this.folder, 'home', user), { recursive: true, force: true });
  }

  /** From the next start on, for readers that know no TLS. */
  allowPlaintext(): void {
    const path = join(this.folder, 'dovecot.conf');
    const text = readFileSync(path, 'utf8').replace(
      'disable_plaintext_auth = yes',
      'disable_plaintext_auth = no',
    );
    writeFileSync(path, text);
  }

  log(): string {
    return readFileSync(join(this.folder, 'dovecot.log'), 'utf8');
  }

  async #prepare(): Promise<void> {
    [this.imapPort, this.imapsPort, this.lmtpPort] = (await freePorts(3)) as [number, number, number];
    for (const name of ['run', 'state', 'home']) mkdirSync(join(this.folder, name), { mode: 0o755 });
    if (this.options.tls) makeCertificate(this.folder, this.options.certificateNames);
    writeFileSync(join(this.folder, 'users'), userLines(this.options), { mode: 0o644 });
    const { folder, imapPort, imapsPort, lmtpPort } = this;
    const place = { folder, imapPort, imapsPort, lmtpPort, user: this.#user };
    writeFileSync(join(this.folder, 'dovecot.conf'), configuration(this.options, place));
    if (process.getuid?.() === 0) {
      const id = (flag: string): number =>
        Number(spawnSync('id', [flag, this.#user], { encoding: 'utf8' }).stdout.trim());
      spawnSync('chmod', ['755', this.folder]);
      chownSync(join(this.folder, 'home'), id('-u'), id('-g'));
    }
  }

  async #listening(port: number, child: ChildProcess): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (child.exitCode !== null) throw new Error(`Dovecot ended with ${child.exitCode}:\n${this.log()}`);
      const up = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('data', () => resolve(true)).once('error', () => resolve(false));
        socket.once('close', () => resolve(false));
        socket.setTimeout(2_000, () => socket.destroy());
      }).catch(() => false);
      if (up) return;
      await sleep(50);
    }
    throw new Error(`Dovecot does not answer:\n${this.log()}`);
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function descendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found: number[] = [];
  for (let level = [pid]; level.length > 0;) {
    level = pairs.filter(([, parent]) => level.includes(parent)).map(([child]) => child);
    found.push(...level);
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (!pids.some((pid) => existsSync(`/proc/${pid}/fd/0`))) return;
    await sleep(20);
  }
}
