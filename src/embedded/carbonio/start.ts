/** Starts a stand-in host in a process of its own, for tests and the demonstration. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Fault } from './faults';
import { ADMIN_NAME, ensureStandIn, placesOf, writeJson, type Places, type Settings } from './settings';

/** Always the compiled files: they run as programs. */
const DIST = resolve(__dirname, '../../../dist/embedded/carbonio');

export interface StandInOptions {
  /** Made when it is missing. */
  readonly dir: string;
  /** Default: Java. */
  readonly variant?: 'java' | 'go';
  /** Name of the mail server. */
  readonly host?: string;
  /** Who may run `carbonio`. Default: this very user, root or not; null: any but root, as on a real host. */
  readonly zextrasUid?: number | null;
  /** The admin endpoint speaks TLS with a certificate made by openssl. Default: false. */
  readonly tls?: boolean;
  /** Bytes of the largest message that is taken. Default: 100 MiB. */
  readonly maxMessageSize?: number;
}

export interface StandIn {
  /** What Lifeboat needs to be told of this host. */
  readonly env: Readonly<Record<string, string>>;
  readonly places: Places;
  readonly settings: Settings;
  readonly admin: { readonly name: string; readonly passwordFile: string };
  /** Of the daemon; empty while it is down. */
  readonly pids: readonly number[];
  /** Replaces the list of faults; works at once. */
  setFaults(faults: readonly Fault[]): void;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  /** Waits for a daemon that ends by itself (a fault). */
  ended(): Promise<void>;
  /** Starts the daemon again, with the same addresses. */
  restart(): Promise<void>;
  /** Ends the daemon. Harmless when it is down; the folder stays. */
  stop(): Promise<void>;
}

/** @throws Error with the end of the daemon's log when it does not start */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const dir = resolve(options.dir);
  const { variant, host, tls, maxMessageSize, zextrasUid = process.getuid?.() ?? null } = options;
  ensureStandIn(dir, {
    ...(variant === undefined ? {} : { variant }),
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls }),
    ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    zextrasUid,
  });
  let daemon: Daemon | null = await Daemon.start(dir);
  const settings = ensureStandIn(dir);
  const places = placesOf(dir);
  const program = (name: string): string => `${process.execPath} ${DIST}/bin/${name}.js --stand-in ${dir}`;
  const down = async (signal: NodeJS.Signals | null): Promise<void> => {
    const gone = daemon;
    await gone?.end(signal);
    if (daemon === gone) daemon = null;
  };
  return {
    env: {
      LIFEBOAT_CARBONIO_COMMAND: program('carbonio'),
      LIFEBOAT_ZMLOCALCONFIG_COMMAND: program('zmlocalconfig'),
      LIFEBOAT_ADMIN_SOAP_URL: `${settings.tls ? 'https' : 'http'}://127.0.0.1:${settings.soapPort}/service/admin/soap`,
      LIFEBOAT_LMTP_ADDRESS: `127.0.0.1:${settings.lmtpPort}`,
      LIFEBOAT_LOCALCONFIG_FILE: places.localconfig,
      LIFEBOAT_ADMIN_USER: ADMIN_NAME,
      LIFEBOAT_ADMIN_PASSWORD_FILE: places.adminPassword,
      ...(settings.tls ? { LIFEBOAT_ADMIN_CA_FILE: places.tlsCertificate } : {}),
      // nobody to change to: this very user is the stand-in's zextras
      ...(zextrasUid === process.getuid?.() ? { LIFEBOAT_CARBONIO_USER: userInfo().username } : {}),
    },
    places,
    settings,
    admin: { name: ADMIN_NAME, passwordFile: places.adminPassword },
    get pids() {
      return daemon === null ? [] : [daemon.pid];
    },
    setFaults: (faults) => writeJson(places.faults, faults),
    kill: () => down('SIGKILL'),
    ended: () => down(null),
    restart: async () => {
      await down('SIGTERM');
      daemon = await Daemon.start(dir);
    },
    stop: () => down('SIGTERM'),
  };
}

class Daemon {
  private readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  static async start(dir: string): Promise<Daemon> {
    const { log } = placesOf(dir);
    const fd = openSync(log, 'a', 0o600);
    let child: ChildProcess;
    try {
      // its standard input is the leash: it ends when this process does
      child = spawn(process.execPath, [`${DIST}/main.js`, 'serve', dir, '--with-parent'], {
        stdio: ['pipe', 'pipe', fd],
      });
    } finally {
      closeSync(fd);
    }
    const daemon = new Daemon(child);
    const ready = new Promise<boolean>((resolve, reject) => {
      let said = '';
      child.once('error', reject);
      child.once('exit', () => resolve(false));
      child.stdout?.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('\n')) resolve(true);
      });
    });
    if (!(await ready)) {
      const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
      throw new Error(`The stand-in in ${dir} did not start. The end of ${log}:\n${tail}`);
    }
    return daemon;
  }

  async end(signal: NodeJS.Signals | null): Promise<void> {
    if (signal !== null) this.child.kill(signal);
    await this.exited;
  }
}
