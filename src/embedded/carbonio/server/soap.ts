/** The admin SOAP endpoint, JSON form only. More requests: add them to `REQUESTS`. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Host } from '../host';
import type { Account, Mailboxes } from '../mailboxes';
import { ADMIN_NAME } from '../settings';
import { actOnMessages, searchMessages } from './soap-mail';

const PATH = '/service/admin/soap';
const LIFETIME_MS = 12 * 3600 * 1000;
const LARGEST = 16 * 1024 * 1024;

export class SoapFault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

type Fields = Readonly<Record<string, unknown>>;
interface Handler {
  readonly needsLogin: boolean;
  /** Default: urn:zimbraAdmin. */
  readonly namespace?: string;
  /** @param context of the request's header */
  run(endpoint: Endpoint, request: Fields, context: Fields): Fields | Promise<Fields>;
}

/** On behalf of the account that the header names. */
function ofMailbox(
  run: (mailboxes: Mailboxes, account: Account, request: Fields) => Fields | undefined,
): Handler {
  return {
    needsLogin: true,
    namespace: 'urn:zimbraMail',
    run: ({ host }, request, context) => {
      const name = text(context['account']);
      const account = host.mailboxes.find(name);
      if (account === undefined) throw new SoapFault('account.NO_SUCH_ACCOUNT', `no such account: ${name}`);
      const answer = run(host.mailboxes, account, request);
      if (answer === undefined) throw new SoapFault('service.INVALID_REQUEST', 'invalid request');
      return answer;
    },
  };
}

/** A text, or one in the form `{_content}`; anything else reads as empty. */
function text(value: unknown): string {
  const inner = (value as { _content?: unknown } | null | undefined)?._content ?? value;
  return typeof inner === 'string' ? inner : '';
}

const REQUESTS: Readonly<Record<string, Handler>> = {
  AuthRequest: {
    needsLogin: false,
    run: (endpoint, { name, account, password }) => {
      const who = text(name ?? account);
      if (!endpoint.isAdmin(who, text(password)))
        throw new SoapFault('account.AUTH_FAILED', `authentication failed for [${who}]`);
      return { authToken: [{ _content: endpoint.newToken() }], lifetime: LIFETIME_MS };
    },
  },
  ReloadLocalConfigRequest: {
    needsLogin: true,
    run: ({ host }) => {
      const why = host.reload();
      if (why !== null) throw new SoapFault('service.FAILURE', `system failure: ${why}`);
      return {};
    },
  },
  SearchRequest: ofMailbox(searchMessages),
  MsgActionRequest: ofMailbox(actOnMessages),
};

export class Endpoint {
  private readonly tokens = new Set<string>();

  constructor(readonly host: Host) {}

  isAdmin(name: string, password: string): boolean {
    const right = readFileSync(this.host.places.adminPassword, 'utf8').trim();
    return name.toLowerCase() === ADMIN_NAME && password === right;
  }

  newToken(): string {
    const token = `0_${randomBytes(24).toString('hex')}`;
    this.tokens.add(token);
    return token;
  }

  /** @throws SoapFault, and SyntaxError for what is no JSON */
  async answer(body: string, cookie: string): Promise<Fields> {
    const { Header, Body } = JSON.parse(body) as {
      Header?: { context?: Fields };
      Body?: Record<string, Fields>;
    };
    const [name, request] = Object.entries(Body ?? {})[0] ?? [];
    const handler = name === undefined ? undefined : REQUESTS[name];
    if (name === undefined || request === undefined || handler === undefined)
      throw new SoapFault('service.UNKNOWN_DOCUMENT', `unknown document: ${name ?? ''}`);
    const { namespace = 'urn:zimbraAdmin' } = handler;
    if (request['_jsns'] !== namespace)
      throw new SoapFault('service.UNKNOWN_DOCUMENT', `unknown document: ${name}`);
    if (handler.needsLogin) this.requireLogin(Header?.context?.['authToken'], cookie);
    const response = await handler.run(this, request, Header?.context ?? {});
    const answered = { [name.replace(/Request$/, 'Response')]: { ...response, _jsns: namespace } };
    return { Header: { context: { _jsns: 'urn:zimbra' } }, Body: answered, _jsns: 'urn:zimbraSoap' };
  }

  private requireLogin(given: unknown, cookie: string): void {
    const ofCookie = /(?:^|;\s*)ZM_ADMIN_AUTH_TOKEN=([^;]+)/.exec(cookie)?.[1];
    const token = text(Array.isArray(given) ? given[0] : given) || (ofCookie ?? '');
    if (token === '') throw new SoapFault('service.AUTH_REQUIRED', 'no valid authtoken present');
    // tokens are in memory: after a restart nobody is logged in
    if (!this.tokens.has(token)) throw new SoapFault('service.AUTH_EXPIRED', 'auth credentials have expired');
  }
}

function fault(error: unknown): Fields {
  const known =
    error instanceof SoapFault ? error : new SoapFault('service.PARSE_ERROR', 'parse error: no JSON');
  const detail = { Error: { Code: known.code, Trace: 'stand-in', _jsns: 'urn:zimbra' } };
  const said = { Code: { Value: 'soap:Sender' }, Reason: { Text: known.message }, Detail: detail };
  return { Header: { context: { _jsns: 'urn:zimbra' } }, Body: { Fault: said }, _jsns: 'urn:zimbraSoap' };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new SoapFault('service.INVALID_REQUEST', 'invalid request: too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export async function serveSoap(host: Host): Promise<{ port: number; close(): Promise<void> }> {
  const endpoint = new Endpoint(host);
  const listener: RequestListener = (request, response) => {
    const reply = (status: number, body: Fields): void => {
      response.writeHead(status, { 'content-type': 'text/javascript; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    if (request.method !== 'POST' || !(request.url ?? '').startsWith(PATH)) return reply(404, {});
    read(request)
      .then((body) => endpoint.answer(body, request.headers.cookie ?? ''))
      .then(
        (answer) => reply(200, answer),
        (error: unknown) => reply(422, fault(error)),
      );
  };
  const { tls, soapPort } = host.settings;
  const { tlsKey, tlsCertificate } = host.places;
  const server: Server = tls
    ? createTlsServer({ key: readFileSync(tlsKey), cert: readFileSync(tlsCertificate) }, listener)
    : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(soapPort, '127.0.0.1', resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}
