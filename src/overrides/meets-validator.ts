/** Whether what is restored meets the LMTP validator of this mail host, so that a change of it can help. */
import type { CarbonioConfig } from '../config-carbonio';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * SOAP AddMsg, IMAP APPEND and files never meet it (mail-server reference, section 2); LMTP does, and so does the Backup
 * module of the mail host. Of an LMTP server elsewhere we cannot change anything.
 *
 * @param target its URL; null: the mail host itself restores (engine carbonio)
 * @param host name of this machine
 */
export function meetsValidator(
  target: string | null,
  { lmtp }: Pick<CarbonioConfig, 'lmtp'>,
  host: string,
): boolean {
  if (target === null) return true;
  if (!/^lmtps?:\/\//i.test(target)) return false;
  const known = target.replace(/^lmtps?:/i, 'http:');
  if (!URL.canParse(known)) return false;
  const { hostname, port } = new URL(known);
  const isPort = port === '' || Number(port) === lmtp.port;
  return isPort && isSameHost(hostname.replace(/^\[|\]$/g, '').toLowerCase(), lmtp.host.toLowerCase(), host);
}

const isSameHost = (one: string, other: string, host: string): boolean =>
  one === other || (LOOPBACK.has(other) && (LOOPBACK.has(one) || one === host.toLowerCase()));
