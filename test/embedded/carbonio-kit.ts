/** A stand-in Carbonio host of its own for a test, its two programs, and an LMTP client of a few lines. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandIn, type StandIn, type StandInOptions } from '../../src/embedded/carbonio/start';
import { TestStore } from '../restore/store';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What tests look at in a response. */
export interface Reply {
  operationId: string;
  operationList: { id: string; name: string; state: string; type: string }[];
  notifications: { id: string; subject: string; text: string }[];
}

export class CarbonioBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'lifeboat-stand-in-'));
  readonly host = join(this.dir, 'host');
  readonly source = join(this.dir, 'old');
  readonly store = new TestStore(this.source);
  private standIn: StandIn | null = null;

  async start(options: Partial<StandInOptions> = {}): Promise<StandIn> {
    this.standIn = await startStandIn({ dir: this.host, ...options });
    return this.standIn;
  }

  get up(): StandIn {
    if (this.standIn === null) throw new Error('The stand-in was not started.');
    return this.standIn;
  }

  async remove(): Promise<void> {
    await this.standIn?.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  carbonio(...args: string[]): Promise<Ended> {
    return this.run('LIFEBOAT_CARBONIO_COMMAND', args);
  }

  zmlocalconfig(...args: string[]): Promise<Ended> {
    return this.run('LIFEBOAT_ZMLOCALCONFIG_COMMAND', args);
  }

  /** As another user of the host. */
  as(uid: number, which: 'carbonio' | 'zmlocalconfig', ...args: string[]): Promise<Ended> {
    return this.run(`LIFEBOAT_${which.toUpperCase()}_COMMAND`, ['--as', String(uid), ...args]);
  }

  /** The `response` of a command, as JSON. */
  async json<T = Reply>(...args: string[]): Promise<T> {
    const { stdout } = await this.carbonio('--json', ...args);
    return (JSON.parse(stdout) as { response: T }).response;
  }

  /** Starts a restore, answers its UUID. */
  async restore(...args: string[]): Promise<string> {
    return (await this.json('backup', 'doExternalRestore', this.source, ...args)).operationId;
  }

  async texts(): Promise<string[]> {
    const { notifications } = await this.json('core', 'getNotification', 'verbose', 'true');
    return notifications.map(({ subject, text }) => `${subject}\n${text}`);
  }

  async names(): Promise<[string, string][]> {
    const { operationList } = await this.json('backup', 'getAllOperations');
    return operationList.map(({ id, state }) => [id, state]);
  }

  /** Subjects of what is in an inbox, sorted. */
  subjects(address: string): string[] {
    const [local, domain] = address.split('@');
    const maildir = join(this.host, 'mailboxes', domain ?? '', local ?? '', 'Maildir');
    return ['new', 'cur']
      .flatMap((part) => readdirSync(join(maildir, part)).map((name) => join(maildir, part, name)))
      .map((path) => /^Subject: (.*?)\r?$/m.exec(readFileSync(path, 'latin1'))?.[1] ?? '?')
      .sort();
  }

  /** Says these lines one after the other, each after the answer to the one before; answers what was answered. */
  lmtp(...lines: (string | Buffer)[]): Promise<string[]> {
    const [, port] = (this.up.env['LIFEBOAT_LMTP_ADDRESS'] ?? '').split(':');
    const answers: string[] = [];
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1');
      let rest = '';
      const next = (): void => {
        const line = lines.shift();
        if (line === undefined) return void socket.end();
        socket.write(typeof line === 'string' ? `${line}\r\n` : line);
      };
      socket.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\r\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          answers.push(part);
          if (/^\d{3} /.test(part)) next();
        }
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(answers));
    });
  }

  async deliver(to: string, message: Buffer | string): Promise<string> {
    const data = Buffer.concat([Buffer.from(message), Buffer.from('\r\n.\r\n')]);
    const answers = await this.lmtp(
      'LHLO test',
      'MAIL FROM:<a@example.com>',
      `RCPT TO:<${to}>`,
      'DATA',
      data,
      'QUIT',
    );
    return answers.at(-2) ?? '';
  }

  private run(name: string, args: string[]): Promise<Ended> {
    const [program = '', ...words] = (this.up.env[name] ?? '').split(' ');
    const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ ...ended, code }));
    });
  }
}

export { until } from '../until';
