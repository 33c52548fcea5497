/** The SOAP interface of the mail server for administrators, in its JSON form (mail-server reference, section 5). */
import { readFileSync } from 'node:fs';
import { Problem } from '../failures';
import { isObject } from './parse/answer';
import { excerpt, oneLine, unknownOutput } from './parse/excerpt';
import { postJson, type HttpAnswer, type SoapEndpoint } from './soap-http';

export interface AdminSoapOptions extends SoapEndpoint {
  readonly user: string;
  /** Its first line is the password; read at each login. */
  readonly passwordFile: string;
}

export interface SoapCall {
  /** Without `Request`, such as `Auth`. */
  readonly name: string;
  /** Such as `urn:zimbraAdmin`. */
  readonly namespace: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Token of the session; none for a login. */
  readonly token?: string;
  /** On whose behalf, with the token of an administrator. */
  readonly account?: { readonly by: 'name' | 'id'; readonly _content: string };
}

/**
 * One call.
 * @returns the members of the response
 * @throws Problem `AdminRefused` for a fault, whose code is `details.code`; `HostUnavailable`; `UnknownOutput` for what is
 * neither response nor fault
 */
export async function soapCall(
  endpoint: SoapEndpoint,
  call: SoapCall,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  return responseOf(call.name, await postJson(endpoint, envelopeOf(call), signal));
}

/** What is sent for a call. */
export function envelopeOf({ name, namespace, body = {}, token, account }: SoapCall): unknown {
  const context = {
    _jsns: 'urn:zimbra',
    format: { type: 'js' },
    ...(token === undefined ? {} : { authToken: [{ _content: token }] }),
    ...(account === undefined ? {} : { account }),
  };
  return { Header: { context }, Body: { [`${name}Request`]: { _jsns: namespace, ...body } } };
}

/** The members of the response in an answer to `name`. @throws as {@link soapCall} */
export function responseOf(name: string, answer: HttpAnswer): Record<string, unknown> {
  const content = bodyOf(answer.body);
  if (content?.Fault !== undefined) throw fault(content.Fault, name);
  const response = content?.[`${name}Response`];
  if (answer.status === 200 && isObject(response)) return response;
  if (answer.status >= 500 && content === undefined) {
    throw new Problem('HostUnavailable', `The admin service answers with HTTP status ${answer.status}.`);
  }
  // the answer to a login holds a token
  const shown = name.endsWith('Auth') ? '' : answer.body;
  throw unknownOutput(`The answer to ${name} (HTTP status ${answer.status})`, shown);
}

function bodyOf(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) && isObject(json.Body) ? json.Body : undefined;
  } catch {
    return undefined;
  }
}

function fault(content: unknown, name: string): Problem {
  const member = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);
  const reason = member(member(content, 'Reason'), 'Text');
  const code = member(member(member(content, 'Detail'), 'Error'), 'Code');
  const said = typeof reason === 'string' ? oneLine(reason) : 'no reason';
  const shown = typeof code === 'string' ? oneLine(code) : 'no code';
  return new Problem('AdminRefused', `The admin service refuses ${name}: ${said} (${shown}).`, {
    code: shown,
    reason: excerpt(said),
  });
}

/** The session has ended, or the server has forgotten it. */
const EXPIRED = new Set(['service.AUTH_EXPIRED', 'service.AUTH_REQUIRED']);

/** A session of an administrator; it logs in when it needs to. */
export class AdminSoap {
  private token: Promise<string> | undefined;

  constructor(private readonly options: AdminSoapOptions) {}

  /** As {@link soapCall}; when the session has expired, once more with a new one. */
  async request(call: Omit<SoapCall, 'token'>, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const used = this.login(signal);
    try {
      return await soapCall(this.options, { ...call, token: await used }, signal);
    } catch (error) {
      const expired = error instanceof Problem && EXPIRED.has(String(error.details.code));
      if (!expired) throw error;
      if (this.token === used) this.token = undefined;
      return soapCall(this.options, { ...call, token: await this.login(signal) }, signal);
    }
  }

  /** Lets the mail server read localconfig.xml again. Its response is empty. */
  async reloadLocalConfig(signal?: AbortSignal): Promise<void> {
    await this.request({ name: 'ReloadLocalConfig', namespace: 'urn:zimbraAdmin' }, signal);
  }

  private login(signal?: AbortSignal): Promise<string> {
    const token = (this.token ??= this.authenticate(signal));
    token.catch(() => {
      if (this.token === token) this.token = undefined;
    });
    return token;
  }

  private async authenticate(signal?: AbortSignal): Promise<string> {
    const body = { name: this.options.user, password: this.password() };
    const { authToken } = await soapCall(
      this.options,
      { name: 'Auth', namespace: 'urn:zimbraAdmin', body },
      signal,
    );
    const first: unknown = Array.isArray(authToken) ? authToken[0] : undefined;
    const token = isObject(first) ? first._content : undefined;
    if (typeof token !== 'string' || token === '') throw unknownOutput('The answer to the login', '');
    return token;
  }

  private password(): string {
    const { passwordFile } = this.options;
    let content: string;
    try {
      content = readFileSync(passwordFile, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Problem('AdminRefused', `The password file ${passwordFile} cannot be read (${code}).`);
    }
    const password = content.split(/\r?\n/)[0] ?? '';
    if (password === '') throw new Problem('AdminRefused', `The password file ${passwordFile} is empty.`);
    return password;
  }
}
