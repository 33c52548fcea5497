/** Every environment variable of Lifeboat, in one schema. Temporal's own (TEMPORAL_ADDRESS, …) are read by its library. */
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from './failures';

const absolute = z.string().regex(/^\//, 'must be an absolute path');

/** Words between spaces; no shell, no quoting. */
const command = z
  .string()
  .regex(/^[^\p{Cc}]*[^\p{Cc} ][^\p{Cc}]*$/u, 'must be a program and its arguments, with spaces between');

const environment = z.object({
  LIFEBOAT_STATE_DIR: absolute
    .default(() => defaultStateDir())
    .describe(
      'Folder of the ledger, the reports and the embedded server. Default: /var/lib/lifeboat for root, else ~/.local/state/lifeboat',
    ),
  LIFEBOAT_TARGET: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Target of restores that name none. Default: maildir: in the folder mailboxes of the state folder',
    ),
  LIFEBOAT_SECRETS_DIR: absolute
    .optional()
    .describe(
      'Folder of the secrets that targets name, a file each, readable by the worker alone. Default: secrets in the state folder',
    ),
  LIFEBOAT_HOST: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'must be a host name')
    .default(() => hostname())
    .describe('Name of the mail host that this worker serves. Default: the name of the machine'),
  LIFEBOAT_LOCK_DIR: absolute
    .default(() => join(defaultStateDir(), 'locks'))
    .describe(
      'Folder of the lock that lets one operation at a time work on this host; the same for all state folders. ' +
        'Default: locks in the default state folder',
    ),
  LIFEBOAT_JOURNAL_DIR: absolute
    .default(() => join(defaultStateDir(), 'journal'))
    .describe(
      'Folder of what was changed on this host for a while and must go back; the same for all state folders. ' +
        'Default: journal in the default state folder',
    ),
  LIFEBOAT_QUEUE_POLL_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(3600)
    .default(30)
    .describe(
      'How often an operation that waits for its turn looks whether its queue is still there, seconds. Default: 30',
    ),
  LIFEBOAT_TASK_QUEUE: z
    .string()
    .min(1)
    .default('lifeboat')
    .describe('Task queue of the runbooks. Default: lifeboat'),
  LIFEBOAT_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What is logged. Default: info'),
  LIFEBOAT_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')
    .optional()
    .describe(
      'Mail server for notifications, with user and password if it needs them. Default: none, no mails',
    ),
  LIFEBOAT_MAIL_FROM: z
    .string()
    .min(3)
    .default('lifeboat@localhost')
    .describe('Sender of notifications. Default: lifeboat@localhost'),
  LIFEBOAT_ADMINS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((address) => address.trim())
        .filter((address) => address !== ''),
    )
    .pipe(z.array(z.email('must be mail addresses, separated by commas')))
    .describe('Who is told of every operation, separated by commas. Default: nobody'),
  LIFEBOAT_SHUTDOWN_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(600)
    .default(10)
    .describe('How long running steps may take to end cleanly after SIGTERM, seconds. Default: 10'),
  LIFEBOAT_CARBONIO_COMMAND: command
    .default('/opt/zextras/bin/carbonio')
    .describe('The carbonio command, words between spaces. Default: /opt/zextras/bin/carbonio'),
  LIFEBOAT_ZMLOCALCONFIG_COMMAND: command
    .default('/opt/zextras/bin/zmlocalconfig')
    .describe('The zmlocalconfig command, words between spaces. Default: /opt/zextras/bin/zmlocalconfig'),
  LIFEBOAT_LOCALCONFIG_FILE: absolute
    .default('/opt/zextras/conf/localconfig.xml')
    .describe('The file that zmlocalconfig edits. Default: /opt/zextras/conf/localconfig.xml'),
  LIFEBOAT_CARBONIO_USER: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'must be a user name')
    .default('zextras')
    .describe('User as which a worker that is root runs both commands; root: no switching. Default: zextras'),
  LIFEBOAT_CARBONIO_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(1)
    .max(86_400)
    .default(120)
    .describe('How long one call of these commands may take, seconds. Default: 120'),
  LIFEBOAT_ADMIN_SOAP_URL: z
    .string()
    .regex(/^https?:\/\//, 'must begin with https://, or http:// to this machine')
    .default('https://127.0.0.1:7071/service/admin/soap')
    .describe('Admin service of the mail server. Default: https://127.0.0.1:7071/service/admin/soap'),
  LIFEBOAT_ADMIN_USER: z
    .string()
    .min(1)
    .optional()
    .describe('Administrator for that service. Default: none, the service is not used'),
  LIFEBOAT_ADMIN_PASSWORD_FILE: absolute
    .optional()
    .describe('File whose first line is his password. Default: none'),
  LIFEBOAT_ADMIN_CA_FILE: absolute
    .optional()
    .describe('PEM file of who signed its certificate. Default: those that Node knows'),
  LIFEBOAT_ADMIN_TLS_VERIFY: z
    .enum(['true', 'false'])
    .default('true')
    .describe('false: any certificate will do. Default: true'),
  LIFEBOAT_LMTP_ADDRESS: z
    .string()
    .regex(/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'must be host:port')
    .default('127.0.0.1:7025')
    .describe('Where the mail server takes LMTP, for probes. Default: 127.0.0.1:7025'),
  LIFEBOAT_PROBE_RECIPIENT: z
    .email('must be a mail address')
    .optional()
    .describe(
      'A mailbox for test messages, which prove what the validator does. Default: none, nothing is proved',
    ),
});

export interface Config {
  readonly stateDir: string;
  readonly defaultTarget: string;
  readonly secretsDir: string;
  readonly host: string;
  readonly lockDir: string;
  readonly journalDir: string;
  readonly queuePollSeconds: number;
  readonly taskQueue: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly mail: { readonly url: string | null; readonly from: string; readonly admins: readonly string[] };
  readonly shutdownGraceSeconds: number;
  readonly carbonio: CarbonioConfig;
}

/** How the mail host is reached (docs/carbonio-host.md). Commands are words between spaces. */
export interface CarbonioConfig {
  readonly command: string;
  readonly zmlocalconfig: string;
  readonly localConfigFile: string;
  readonly user: string;
  readonly timeoutSeconds: number;
  readonly admin: {
    readonly url: string;
    /** Null: the admin service is not used. */
    readonly login: { readonly user: string; readonly passwordFile: string } | null;
    readonly caFile: string | null;
    readonly verifyTls: boolean;
  };
  readonly lmtp: { readonly host: string; readonly port: number };
  readonly probeRecipient: string | null;
}

/**
 * Reads the environment. An empty variable counts as not set.
 * @throws Problem `InvalidInput` that names every variable that is wrong, all at once
 */
export function loadConfig(env: NodeJS.ProcessEnv, overrides: { stateDir?: string } = {}): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  if (overrides.stateDir !== undefined) given.LIFEBOAT_STATE_DIR = overrides.stateDir;
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new Problem('InvalidInput', `The configuration is not right: ${[...new Set(wrong)].join('; ')}.`);
  }
  const e = parsed.data;
  return {
    stateDir: e.LIFEBOAT_STATE_DIR,
    defaultTarget: e.LIFEBOAT_TARGET ?? `maildir:${join(e.LIFEBOAT_STATE_DIR, 'mailboxes')}`,
    secretsDir: e.LIFEBOAT_SECRETS_DIR ?? join(e.LIFEBOAT_STATE_DIR, 'secrets'),
    host: e.LIFEBOAT_HOST,
    lockDir: e.LIFEBOAT_LOCK_DIR,
    journalDir: e.LIFEBOAT_JOURNAL_DIR,
    queuePollSeconds: e.LIFEBOAT_QUEUE_POLL_SECONDS,
    taskQueue: e.LIFEBOAT_TASK_QUEUE,
    logLevel: e.LIFEBOAT_LOG_LEVEL,
    mail: { url: e.LIFEBOAT_SMTP_URL ?? null, from: e.LIFEBOAT_MAIL_FROM, admins: e.LIFEBOAT_ADMINS },
    shutdownGraceSeconds: e.LIFEBOAT_SHUTDOWN_GRACE_SECONDS,
    carbonio: carbonioOf(e),
  };
}

function carbonioOf(e: z.output<typeof environment>): CarbonioConfig {
  const { LIFEBOAT_ADMIN_USER: user, LIFEBOAT_ADMIN_PASSWORD_FILE: passwordFile } = e;
  if ((user === undefined) !== (passwordFile === undefined)) {
    const missing = user === undefined ? 'LIFEBOAT_ADMIN_USER' : 'LIFEBOAT_ADMIN_PASSWORD_FILE';
    throw new Problem(
      'InvalidInput',
      `The configuration is not right: ${missing}: is missing beside the other.`,
    );
  }
  const colon = e.LIFEBOAT_LMTP_ADDRESS.lastIndexOf(':');
  return {
    command: e.LIFEBOAT_CARBONIO_COMMAND,
    zmlocalconfig: e.LIFEBOAT_ZMLOCALCONFIG_COMMAND,
    localConfigFile: e.LIFEBOAT_LOCALCONFIG_FILE,
    user: e.LIFEBOAT_CARBONIO_USER,
    timeoutSeconds: e.LIFEBOAT_CARBONIO_TIMEOUT_SECONDS,
    admin: {
      url: e.LIFEBOAT_ADMIN_SOAP_URL,
      login: user === undefined || passwordFile === undefined ? null : { user, passwordFile },
      caFile: e.LIFEBOAT_ADMIN_CA_FILE ?? null,
      verifyTls: e.LIFEBOAT_ADMIN_TLS_VERIFY === 'true',
    },
    probeRecipient: e.LIFEBOAT_PROBE_RECIPIENT ?? null,
    lmtp: {
      host: e.LIFEBOAT_LMTP_ADDRESS.slice(0, colon).replace(/^\[|\]$/g, ''),
      port: Number(e.LIFEBOAT_LMTP_ADDRESS.slice(colon + 1)),
    },
  };
}

function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/lifeboat';
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'lifeboat');
}

/** Name and meaning of every variable, for `--help` and the docs. */
export function describeEnvironment(): { name: string; description: string }[] {
  return Object.entries(environment.shape).map(([name, schema]) => ({
    name,
    description: schema.description ?? '',
  }));
}
