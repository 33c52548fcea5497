/** What a Carbonio server answers when it does not do what it is asked. */
import { responseOf } from '../../carbonio/admin-soap';
import { Problem } from '../../failures';
import type { HttpAnswer } from './http';

/** A request that the server refuses. Who knows what the code means deals with it; else one account is refused. */
export class SoapFault extends Problem {
  constructor(
    /** Such as `mail.NO_SUCH_FOLDER`. */
    readonly code: string,
    /** In the server's words, on one line. */
    readonly reason: string,
    request: string,
  ) {
    super('TargetRefused', `The server refuses ${request}: ${reason} (${code}).`, { code });
  }

  /** For reports. */
  get words(): string {
    return `${this.reason.replace(/[.\s]+$/, '')} (${this.code})`;
  }
}

export const isFault = (error: unknown, ...codes: readonly string[]): error is SoapFault =>
  error instanceof SoapFault && (codes.length === 0 || codes.includes(error.code));

export const NOT_LOGGED_IN = ['service.AUTH_EXPIRED', 'service.AUTH_REQUIRED'];

/** The server, or one behind it, is away. */
const PASSING = new Set([
  'service.TEMPORARILY_UNAVAILABLE',
  'service.RESOURCE_UNREACHABLE',
  'service.PROXY_ERROR',
  'service.INTERRUPTED',
  'mail.TRY_AGAIN',
]);

/**
 * The members of a response.
 *
 * @throws SoapFault; Problem `TargetUnavailable`, and `UnknownOutput` for what is neither response nor fault
 */
export function membersOf(request: string, answer: HttpAnswer, place: string): Record<string, unknown> {
  try {
    return responseOf(request, answer);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.type === 'HostUnavailable') throw unavailable(place, `HTTP status ${answer.status}`);
    if (error.type !== 'AdminRefused') throw error;
    const { code, reason } = error.details as { code: string; reason: string };
    if (PASSING.has(code)) throw unavailable(place, `${reason} (${code})`, { code });
    throw new SoapFault(code, reason, request);
  }
}

export const unavailable = (place: string, what: string, details: { code?: string } = {}): Problem =>
  new Problem('TargetUnavailable', `The mail server ${place} does not serve now: ${what}.`, details);

/**
 * That a server which answers cannot serve this mailbox is the trouble of the one behind it, where the mailbox is; who is
 * served by others need not wait.
 */
export function throwOfMailbox(error: unknown, mailbox: string): never {
  if (!(error instanceof Problem) || error.type !== 'TargetUnavailable' || error.details.code === undefined)
    throw error;
  const message = `The mailbox of ${mailbox}: ${error.message}`;
  throw new Problem('TargetUnavailable', message, { ...error.details, mailbox }, { cause: error });
}
