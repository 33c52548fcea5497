/** Requests over HTTP to one server, with connections that are kept. No redirects, no proxy. */
import { Agent as PlainAgent, request as overHttp, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as overHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { Problem } from '../../failures';
import { connectionProblem, readAuthorities } from '../remote/socket';
import type { CarbonioOptions } from './options';

/** For the whole of an exchange: a server under load may take minutes for a large message. */
const WITHIN_MS = 300_000;
/** A kept connection that nobody uses is closed before the server does that, just when a request is sent. */
const IDLE_MS = 5_000;
/** Answers that are kept in memory: the ids of a mailbox with millions of items fit. Bytes. */
const LARGEST = 128 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | { readonly size: number; open(): Readable };
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export class HttpClient {
  readonly #agent: PlainAgent;

  constructor(private readonly options: CarbonioOptions) {
    const { encrypted, verify, ca } = options;
    const kept = { keepAlive: true, timeout: IDLE_MS };
    const trust = ca === null ? {} : { ca: readAuthorities(ca) };
    this.#agent = encrypted
      ? new TlsAgent({ ...kept, ...trust, rejectUnauthorized: verify })
      : new PlainAgent(kept);
  }

  /** @throws Problem `TargetUnavailable`, `CertificateRefused`; what became of the request is then not known */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const chunks: Buffer[] = [];
    const status = await this.stream(request, (chunk) => chunks.push(chunk), LARGEST);
    return { status, body: Buffer.concat(chunks).toString('utf8') };
  }

  /** Gives the body of the answer piece by piece; answers its status. @throws as `send` */
  async stream(
    request: HttpRequest,
    onChunk: (chunk: Buffer, status: number) => void,
    most = Infinity,
  ): Promise<number> {
    // of what is sent, not of the connection: the caller knows what that means
    const source: { error?: Error } = {};
    try {
      const response = await this.#open(request, source);
      const status = response.statusCode ?? 0;
      let size = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > most) throw new Problem('UnknownOutput', `${this.options.host} answers too much.`);
        onChunk(chunk, status);
      }
      return status;
    } catch (error) {
      throw source.error ?? connectionProblem(error, this.options);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(
    { method, port, path, headers = {}, body }: HttpRequest,
    failed: { error?: Error },
  ): Promise<IncomingMessage> {
    const { host, encrypted } = this.options;
    const length =
      body === undefined ? {} : { 'content-length': Buffer.isBuffer(body) ? body.length : body.size };
    const options = {
      host,
      port,
      path,
      method,
      headers: { ...headers, ...length },
      agent: this.#agent,
      signal: AbortSignal.timeout(WITHIN_MS),
    };
    return new Promise((resolve, reject) => {
      const sent = encrypted ? overHttps(options) : overHttp(options);
      sent.once('response', resolve);
      // also after the response: a request that is refused early may still be on its way
      sent.on('error', reject);
      if (body === undefined || Buffer.isBuffer(body)) sent.end(body);
      else {
        const source = body.open();
        source.once('error', (error) => {
          failed.error = error;
          reject(error);
          sent.destroy();
        });
        sent.once('close', () => source.destroy());
        source.pipe(sent);
      }
    });
  }
}
