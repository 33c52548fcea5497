/** Environment variables of the mail host (docs/carbonio-host.md). */
import { z } from 'zod';
import { Problem } from './failures';

export const absolute = z.string().regex(/^\//, 'must be an absolute path');

/** Words between spaces; no shell, no quoting. */
const command = z
  .string()
  .regex(/^[^\p{Cc}]*[^\p{Cc} ][^\p{Cc}]*$/u, 'must be a program and its arguments, with spaces between');

export const carbonioVariables = {
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
};
type Variables = z.output<z.ZodObject<typeof carbonioVariables>>;

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

/** @throws Problem `InvalidInput` when one of two variables that belong together is missing */
export function carbonioOf(e: Variables): CarbonioConfig {
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
