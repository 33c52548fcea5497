/** Every environment variable of Lifeboat, in one schema. Temporal's own (TEMPORAL_ADDRESS, …) are read by its library. */
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { absolute, carbonioOf, carbonioVariables, type CarbonioConfig } from './config-carbonio';
import { Problem } from './failures';

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
  LIFEBOAT_METRICS_ADDRESS: z
    .string()
    .regex(/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'must be an IP address and a port')
    .optional()
    .describe(
      'Where `lifeboat worker` and `lifeboat dev` serve metrics for Prometheus, such as 127.0.0.1:9464. Default: none',
    ),
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
  ...carbonioVariables,
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
  /** Null: no metrics are served. */
  readonly metricsAddress: string | null;
  readonly mail: { readonly url: string | null; readonly from: string; readonly admins: readonly string[] };
  readonly shutdownGraceSeconds: number;
  readonly carbonio: CarbonioConfig;
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
    metricsAddress: e.LIFEBOAT_METRICS_ADDRESS ?? null,
    mail: { url: e.LIFEBOAT_SMTP_URL ?? null, from: e.LIFEBOAT_MAIL_FROM, admins: e.LIFEBOAT_ADMINS },
    shutdownGraceSeconds: e.LIFEBOAT_SHUTDOWN_GRACE_SECONDS,
    carbonio: carbonioOf(e),
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
