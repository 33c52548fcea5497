/** Sessions: of the administrator, and of the accounts for which the administrator logs in. */
import { envelopeOf } from '../../carbonio/admin-soap';
import { Problem } from '../../failures';
import { placeName } from '../remote/socket';
import { readSecret } from '../remote/secrets';
import { isFault, membersOf, NOT_LOGGED_IN, SoapFault, throwOfMailbox, unavailable } from './fault';
import { HttpClient, type HttpAnswer, type HttpRequest } from './http';
import { contentOfFirst, type Members } from './json';
import { largestMessage } from './largest';
import type { CarbonioOptions } from './options';

/** A token for an account is asked for so long; the server may give it a shorter life. Seconds. */
const TOKEN_LIFE = 3600;
const ADMIN = 'urn:zimbraAdmin';

/** A token that is renewed, once for all that use it, when the server does not know it any more. */
class Token {
  #token: Promise<string> | null = null;

  constructor(private readonly login: () => Promise<string>) {}

  /** Runs `body` with the token, and once more with a new one. */
  async use<T>(body: (token: string) => Promise<T>): Promise<T> {
    const used = this.#get();
    try {
      return await body(await used);
    } catch (error) {
      if (!isFault(error, ...NOT_LOGGED_IN)) throw error;
      if (this.#token === used) this.#token = null;
      return body(await this.#get());
    }
  }

  #get(): Promise<string> {
    const token = (this.#token ??= this.login());
    token.catch(() => {
      if (this.#token === token) this.#token = null;
    });
    return token;
  }
}

export class CarbonioClient {
  readonly place: string;
  readonly #http: HttpClient;
  readonly #admin = new Token(() => this.#login());
  #largest: Promise<number> | null = null;

  constructor(
    readonly options: CarbonioOptions,
    private readonly secretsDir: string | null,
  ) {
    this.place = placeName(options);
    this.#http = new HttpClient(options);
  }

  /** A request to the admin service. @throws SoapFault, Problem */
  async admin(name: string, body: Members = {}): Promise<Members> {
    const { port } = this.options;
    return this.#admin.use((token) => this.soap(port, '/service/admin/soap', ADMIN, name, body, token));
  }

  /** Bytes of the largest message that the server takes; asked once. @throws Problem */
  largestMessage(): Promise<number> {
    this.#largest ??= largestMessage(this).catch((error: unknown) => {
      this.#largest = null;
      throw error;
    });
    return this.#largest;
  }

  /** @throws Problem for an account that cannot be used */
  account(address: string): AccountSession {
    return new AccountSession(this, address);
  }

  close(): void {
    this.#http.close();
  }

  async soap(
    port: number,
    path: string,
    namespace: string,
    name: string,
    body: Members,
    token?: string,
  ): Promise<Members> {
    const envelope = envelopeOf({ name, namespace, body, ...(token === undefined ? {} : { token }) });
    const answer = await this.#http.send({
      method: 'POST',
      port,
      path,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: Buffer.from(JSON.stringify(envelope)),
    });
    return membersOf(name, answer, this.place);
  }

  async #login(): Promise<string> {
    const { user, secret, port } = this.options;
    const body = { name: user, password: readSecret(this.secretsDir, secret, true) };
    try {
      const answer = await this.soap(port, '/service/admin/soap', ADMIN, 'Auth', body);
      return contentOfFirst(answer, 'authToken', 'Auth');
    } catch (error) {
      if (!isFault(error)) throw error;
      const what = `${this.place} refuses the login of the administrator ${user}: ${error.words}`;
      throw new Problem('LoginRefused', `${what}.`, { user });
    }
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    return this.#http.send(request);
  }

  stream(request: HttpRequest, onChunk: (chunk: Buffer, status: number) => void): Promise<number> {
    return this.#http.stream(request, onChunk);
  }
}

/** The mailbox service, for one account. */
export class AccountSession {
  readonly #token: Token;

  constructor(
    private readonly client: CarbonioClient,
    readonly address: string,
  ) {
    this.#token = new Token(() => this.#delegate());
  }

  /** Logs in, where that was not done yet. @throws Problem */
  async open(): Promise<void> {
    await this.#use(async () => undefined);
  }

  get connections(): number {
    return this.client.options.connections;
  }

  /** Bytes. @throws Problem */
  largestMessage(): Promise<number> {
    return this.client.largestMessage();
  }

  /** @throws SoapFault, Problem */
  call(name: string, body: Members = {}, namespace = 'urn:zimbraMail'): Promise<Members> {
    const { mailPort } = this.client.options;
    return this.#use((token) =>
      this.client
        .soap(mailPort, '/service/soap', namespace, name, body, token)
        .catch((error: unknown) => throwOfMailbox(error, this.address)),
    );
  }

  /** Brings content to the server for a request that follows. Answers the id for `aid`. */
  async upload(body: Exclude<HttpRequest['body'], undefined>, type: string): Promise<string> {
    return this.#use(async (token) => {
      const headers = {
        'content-type': type,
        'content-disposition': 'attachment; filename="lifeboat"',
        cookie: `ZM_AUTH_TOKEN=${token}`,
      };
      const port = this.client.options.mailPort;
      const request = { method: 'POST', port, path: '/service/upload?fmt=raw', headers, body } as const;
      const answer = await this.client.send(request);
      const [, code, id] = /^(\d{3}),'[^']*'(?:,'([^']+)')?/.exec(answer.body) ?? [];
      if (answer.status === 200 && code === '200' && id !== undefined) return id;
      throw this.#refused(Number(code ?? answer.status), 'upload', answer.body);
    });
  }

  /**
   * Reads an item: `raw` or `ics`. Answers false when it is not there any more.
   * @param begin called before the first piece; the reading may begin again
   */
  async read(id: number, format: string, begin: () => (chunk: Buffer) => void): Promise<boolean> {
    return this.#use(async (token) => {
      const port = this.client.options.mailPort;
      const path = `/home/~/?id=${id}&fmt=${format}`;
      const take = begin();
      const headers = { cookie: `ZM_AUTH_TOKEN=${token}` };
      const status = await this.client.stream({ method: 'GET', port, path, headers }, (chunk, code) => {
        if (code === 200) take(chunk);
      });
      if (status === 200) return true;
      if (status === 404) return false;
      throw this.#refused(status, `item ${id}`, '');
    });
  }

  #refused(status: number, what: string, output: string): Problem {
    if (status === 401) return new SoapFault('service.AUTH_EXPIRED', 'not logged in', what);
    if (status === 413)
      return new SoapFault('mail.UPLOAD_TOO_LARGE', 'it is larger than the server takes', what);
    if (status >= 500) return unavailable(this.client.place, `HTTP status ${status} for ${what}`);
    const about = `${this.client.place} answers to ${what} with HTTP status ${status}, which is not understood`;
    return new Problem('UnknownOutput', `${about}.`, { output: output.slice(0, 500) });
  }

  async #use<T>(body: (token: string) => Promise<T>): Promise<T> {
    try {
      return await this.#token.use(body);
    } catch (error) {
      if (!isFault(error, ...NOT_LOGGED_IN)) throw error;
      // a new token is refused as well: so the server does with an account in maintenance
      const what = `${this.client.place} lets nobody into the mailbox of ${this.address}: ${error.words}`;
      throw new Problem('TargetRefused', `${what}; it may be in maintenance.`, { account: this.address });
    }
  }

  async #delegate(): Promise<string> {
    const body = { account: { by: 'name', _content: this.address }, duration: TOKEN_LIFE };
    try {
      return contentOfFirst(await this.client.admin('DelegateAuth', body), 'authToken', 'DelegateAuth');
    } catch (error) {
      if (!isFault(error)) throw error;
      const missing = error.code === 'account.NO_SUCH_ACCOUNT';
      const why = missing ? 'it has no such account' : error.words;
      const what = `${this.client.place} refuses the login for ${this.address}: ${why}`;
      throw new Problem(missing ? 'TargetRefused' : 'LoginRefused', `${what}.`, { account: this.address });
    }
  }
}
