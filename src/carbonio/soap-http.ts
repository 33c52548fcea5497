/** One POST of JSON over HTTPS, with limits. No redirects, no proxy: the address is the one that was configured. */
import { readFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { Transform } from 'node:stream';
import { Problem } from '../failures';

export interface SoapEndpoint {
  /** `https://…`; `http://` to this machine only. */
  readonly url: string;
  /** PEM file of who signed the certificate; null: those that the system knows. */
  readonly caFile: string | null;
  /** Whether the certificate must be right. */
  readonly verifyTls: boolean;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const LARGEST = 16 * 1024 * 1024;

/** @throws Problem `HostUnavailable`, `AdminRefused` for a certificate that is not right, `InvalidInput` */
export async function postJson(
  endpoint: SoapEndpoint,
  json: unknown,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  const url = checkedUrl(endpoint.url);
  const timeout = AbortSignal.timeout(endpoint.timeoutMs);
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    agent: false,
  } as const;
  const ca = endpoint.caFile === null ? {} : { ca: caOf(endpoint.caFile) };
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const sent =
        url.protocol === 'http:'
          ? overHttp(url, options)
          : overHttps(url, { ...options, ...ca, rejectUnauthorized: endpoint.verifyTls });
      sent.once('error', reject);
      sent.once('response', (response) => {
        const limited = response.pipe(limit());
        response.once('error', (error) => limited.destroy(error));
        text(limited).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.end(JSON.stringify(json));
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Problem) throw error;
    throw asProblem(error as NodeJS.ErrnoException, url, timeout.aborted);
  }
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const here = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.username === '' && (url.protocol === 'https:' || (url.protocol === 'http:' && here))) return url;
  throw new Problem(
    'InvalidInput',
    'The address of the admin service is https://host:port/path, without a user in it (LIFEBOAT_ADMIN_SOAP_URL).',
  );
}

function caOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Problem('AdminRefused', `The CA file ${file} cannot be read (${code}).`, {}, { cause: error });
  }
}

function limit(): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      const tooMuch =
        size > LARGEST ? new Problem('UnknownOutput', 'The admin service answers too much.') : null;
      done(tooMuch, chunk);
    },
  });
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

function asProblem(error: NodeJS.ErrnoException, url: URL, late: boolean): Problem {
  const code = late ? 'no answer in time' : (error.code ?? error.message);
  const what = `The admin service ${url.host}`;
  if (!late && CERTIFICATE.test(code)) {
    return new Problem('AdminRefused', `${what} has a certificate that is not trusted (${code}).`, { code });
  }
  return new Problem('HostUnavailable', `${what} cannot be reached (${code}).`, { code });
}
