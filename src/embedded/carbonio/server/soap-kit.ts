/** What the requests of the SOAP endpoint have in common. */
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import type { Uploads } from './uploads';

export class SoapFault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** Who asks: the administrator, or the account for which the administrator logged in. */
export interface Caller {
  readonly isAdmin: boolean;
  /** Whose mailbox is meant; null when none is. */
  readonly account: Account | null;
}

export interface Tokens {
  readonly host: Host;
  readonly uploads: Uploads;
  isAdmin(name: string, password: string): boolean;
  /** @param account address for which it is good; null: for an administrator */
  newToken(account: string | null): string;
}

export interface Handler {
  readonly needsLogin: boolean;
  /** Default: urn:zimbraAdmin. */
  readonly namespace?: string;
  run(endpoint: Tokens, request: Fields, caller: Caller): Fields | Promise<Fields>;
}
export type Handlers = Readonly<Record<string, Handler>>;

/** For administrators. */
export const ofAdmin = (
  run: (host: Host, request: Fields, tokens: Tokens) => Fields | Promise<Fields>,
): Handler => ({
  needsLogin: true,
  run: (tokens, request, { isAdmin }) => {
    if (!isAdmin) throw new SoapFault('service.PERM_DENIED', 'permission denied: need an admin auth token');
    return run(tokens.host, request, tokens);
  },
});

/** On behalf of an account. @param run undefined: a request that is not right */
export const ofMailbox = (
  run: (host: Host, account: Account, request: Fields, uploads: Uploads) => Fields | undefined,
  namespace = 'urn:zimbraMail',
): Handler => ({
  needsLogin: true,
  namespace,
  run: ({ host, uploads }, request, { account }) => {
    if (account === null) throw new SoapFault('account.NO_SUCH_ACCOUNT', 'no such account: none was named');
    const answer = run(host, account, request, uploads);
    if (answer === undefined) throw invalid('the request is not right');
    return answer;
  },
});

/** A text, or one in the form `{_content}`; anything else reads as empty. */
export function text(value: unknown): string {
  const inner = (value as { _content?: unknown } | null | undefined)?._content ?? value;
  return typeof inner === 'string' ? inner : typeof inner === 'number' ? String(inner) : '';
}

/** Members of a member. */
export const inner = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

/** The attributes in `a: [{n, _content}]`. */
export function attributes(request: Fields): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const entry of [request['a'] ?? []].flat()) {
    const name = text(inner(entry)['n']);
    const before = found[name];
    const value = text(entry);
    found[name] = before === undefined ? value : [before, value].flat();
  }
  return found;
}

export const attributeList = (all: Readonly<Record<string, string | readonly string[]>>): Fields[] =>
  Object.entries(all).flatMap(([n, value]) => [value].flat().map((_content) => ({ n, _content })));

export const invalid = (what: string): SoapFault =>
  new SoapFault('service.INVALID_REQUEST', `invalid request: ${what}`);
