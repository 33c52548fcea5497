/** The SOAP endpoints, JSON form only, of administrators and of accounts. More requests: add them to `REQUESTS`. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { ADMIN_NAME } from '../settings';
import { item, upload, type FileAnswer } from './http-files';
import { ACCOUNTS } from './soap-accounts';
import { BOX } from './soap-box';
import { DIRECTORY } from './soap-directory';
import { ITEMS } from './soap-items';
import { ofMailbox, SoapFault, text, type Caller, type Fields, type Handlers, type Tokens } from './soap-kit';
import { actOnMessages, searchMessages } from './soap-mail';
import { Uploads } from './uploads';

const ADMIN_PATH = '/service/admin/soap';
const PATH = '/service/soap';
const LIFETIME_MS = 12 * 3600 * 1000;
const LARGEST = 16 * 1024 * 1024;

const REQUESTS: Handlers = {
  AuthRequest: {
    needsLogin: false,
    run: (tokens, { name, account, password }) => {
      const who = text(name ?? account);
      if (!tokens.isAdmin(who, text(password)))
        throw new SoapFault('account.AUTH_FAILED', `authentication failed for [${who}]`);
      return { authToken: [{ _content: tokens.newToken(null) }], lifetime: LIFETIME_MS };
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
  SearchRequest: ofMailbox(({ mailboxes }, account, request) => searchMessages(mailboxes, account, request)),
  MsgActionRequest: ofMailbox(({ mailboxes }, account, request) =>
    actOnMessages(mailboxes, account, request),
  ),
  ...DIRECTORY,
  ...ACCOUNTS,
  ...BOX,
  ...ITEMS,
};

/** The connection ends without an answer, or with one that nobody understands. */
class Broken extends Error {
  constructor(readonly answer: string | null) {
    super('broken on demand');
  }
}

export class Endpoint implements Tokens {
  readonly uploads = new Uploads();
  /** Whose each is; null: of an administrator. In memory: after a restart nobody is logged in. */
  private readonly tokens = new Map<string, string | null>();

  constructor(readonly host: Host) {}

  isAdmin(name: string, password: string): boolean {
    const right = readFileSync(this.host.places.adminPassword, 'utf8').trim();
    return name.toLowerCase() === ADMIN_NAME && password === right;
  }

  newToken(account: string | null): string {
    const token = `0_${randomBytes(24).toString('hex')}`;
    this.tokens.set(token, account);
    return token;
  }

  /** @throws SoapFault, Broken, and SyntaxError for what is no JSON */
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
    const context = Header?.context ?? {};
    const caller = handler.needsLogin
      ? this.caller(context, cookie, namespace !== 'urn:zimbraAdmin')
      : { isAdmin: false, account: null };
    this.breakOnDemand(name, caller, 'before');
    const response = await handler.run(this, request, caller);
    this.breakOnDemand(name, caller, 'after');
    const answered = { [name.replace(/Request$/, 'Response')]: { ...response, _jsns: namespace } };
    return { Header: { context: { _jsns: 'urn:zimbra' } }, Body: answered, _jsns: 'urn:zimbraSoap' };
  }

  /** The account whose token a cookie has; null when there is none that is good. */
  accountOf(cookie: string): Account | null {
    const token = /(?:^|;\s*)ZM_AUTH_TOKEN=([^;]+)/.exec(cookie)?.[1] ?? '';
    const address = this.tokens.get(token) ?? null;
    const account = address === null ? undefined : this.host.mailboxes.find(address);
    return account === undefined || account.status === 'maintenance' ? null : account;
  }

  private caller(context: Fields, cookie: string, ofMailbox: boolean): Caller {
    const ofCookie = /(?:^|;\s*)ZM_ADMIN_AUTH_TOKEN=([^;]+)/.exec(cookie)?.[1];
    const given = context['authToken'];
    const token = text(Array.isArray(given) ? given[0] : given) || (ofCookie ?? '');
    if (token === '') throw new SoapFault('service.AUTH_REQUIRED', 'no valid authtoken present');
    const address = this.tokens.get(token);
    if (address === undefined) throw new SoapFault('service.AUTH_EXPIRED', 'auth credentials have expired');
    const isAdmin = address === null;
    const wanted = address ?? (ofMailbox ? text(context['account']) : '');
    if (wanted === '') return { isAdmin, account: null };
    const account = this.host.mailboxes.find(wanted);
    if (account === undefined) throw new SoapFault('account.NO_SUCH_ACCOUNT', `no such account: ${wanted}`);
    // so the real server tells of an account that nobody may enter, by its source
    if (!isAdmin && account.status === 'maintenance')
      throw new SoapFault('service.AUTH_EXPIRED', 'auth credentials have expired');
    return { isAdmin, account };
  }

  private breakOnDemand(name: string, { account }: Caller, at: 'before' | 'after'): void {
    const fault = this.host.faults.take(
      'soap',
      (it) =>
        it.at === at &&
        (it.request === undefined || `${it.request}Request` === name) &&
        (it.account === undefined || it.account === account?.name),
    );
    if (fault === null) return;
    if (fault.does === 'crash') process.kill(process.pid, 'SIGKILL');
    if (fault.does === 'cut') throw new Broken(null);
    if (fault.does === 'garble') throw new Broken('<html>gateway</html>');
    throw new SoapFault(fault.code ?? 'service.FAILURE', 'failed on demand');
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
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in.invalid');
    const cookie = request.headers.cookie ?? '';
    const reply = (status: number, body: Fields): void => {
      response.writeHead(status, { 'content-type': 'text/javascript; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    const give = ({ status, body }: FileAnswer): void => void response.writeHead(status).end(body);
    const fails = (error: unknown): void => {
      if (!(error instanceof Broken)) return reply(422, fault(error));
      if (error.answer === null) request.socket.destroy();
      else response.writeHead(200).end(error.answer);
    };
    if (request.method === 'GET' && pathname === '/home/~/') {
      return give(item(host, searchParams, endpoint.accountOf(cookie)));
    }
    if (request.method === 'POST' && pathname === '/service/upload') {
      const { maxMessageSize } = host.settings;
      const account = endpoint.accountOf(cookie);
      return void upload(request, account, endpoint.uploads, maxMessageSize).then(give, fails);
    }
    const isSoap = pathname.startsWith(ADMIN_PATH) || pathname.startsWith(PATH);
    if (request.method !== 'POST' || !isSoap) return reply(404, {});
    read(request)
      .then((body) => endpoint.answer(body, cookie))
      .then((answer) => reply(200, answer), fails);
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
