import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { AdminSoap } from '../../src/carbonio/admin-soap';
import { failure, folder } from './kit';

interface Envelope {
  Header: { context: { authToken?: [{ _content: string }] } };
  Body: Record<string, Record<string, unknown>>;
}
type Answer = { status?: number; body: unknown };

const fault = (code: string): Answer => ({
  status: 422,
  body: { Body: { Fault: { Reason: { Text: `reason of ${code}` }, Detail: { Error: { Code: code } } } } },
});

async function serving(server: Server, body: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Logs in `admin` with `hunter2`, and answers the rest by `reply`. */
function listener(
  reply: (name: string, envelope: Envelope) => Answer,
  seen: Envelope[] = [],
): RequestListener {
  let logins = 0;
  return (request: IncomingMessage, response) => {
    void json(request).then((parsed) => {
      const envelope = parsed as Envelope;
      seen.push(envelope);
      const name = Object.keys(envelope.Body)[0] ?? '';
      const { name: user, password } = envelope.Body[name] ?? {};
      const right = user === 'admin' && password === 'hunter2';
      const login = (): Answer =>
        right
          ? { body: { Body: { AuthResponse: { authToken: [{ _content: `token${++logins}` }] } } } }
          : fault('account.AUTH_FAILED');
      const { status = 200, body } = name === 'AuthRequest' ? login() : reply(name, envelope);
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };
}

const done: Answer = { body: { Body: { ReloadLocalConfigResponse: { _jsns: 'urn:zimbraAdmin' } } } };

function client(
  url: string,
  options: { password?: string; caFile?: string; verifyTls?: boolean; timeoutMs?: number } = {},
): AdminSoap {
  const passwordFile = join(folder(), 'password');
  writeFileSync(passwordFile, `${options.password ?? 'hunter2'}\n`);
  return new AdminSoap({
    url,
    user: 'admin',
    passwordFile,
    caFile: null,
    verifyTls: true,
    timeoutMs: 5_000,
    ...options,
  });
}

test('logs in once, and sends the token with each request', async () => {
  const seen: Envelope[] = [];
  await serving(createServer(listener(() => done, seen)), async (port) => {
    const soap = client(`http://127.0.0.1:${port}/service/admin/soap`);
    await soap.reloadLocalConfig();
    await soap.reloadLocalConfig();
  });
  expect(seen.map(({ Body }) => Object.keys(Body)[0])).toEqual([
    'AuthRequest',
    'ReloadLocalConfigRequest',
    'ReloadLocalConfigRequest',
  ]);
  expect(seen[1]?.Body.ReloadLocalConfigRequest).toEqual({ _jsns: 'urn:zimbraAdmin' });
  expect(seen[2]?.Header.context.authToken).toEqual([{ _content: 'token1' }]);
});

test('an expired session is renewed, once', async () => {
  const expired = (_: string, { Header }: Envelope) =>
    Header.context.authToken?.[0]._content === 'token1' ? fault('service.AUTH_EXPIRED') : done;
  await serving(createServer(listener(expired)), async (port) =>
    client(`http://127.0.0.1:${port}/`).reloadLocalConfig(),
  );
  await serving(createServer(listener(() => fault('service.AUTH_EXPIRED'))), async (port) => {
    const problem = await failure(client(`http://127.0.0.1:${port}/`).reloadLocalConfig());
    expect(problem).toMatchObject({ type: 'AdminRefused', details: { code: 'service.AUTH_EXPIRED' } });
  });
});

test('a wrong password is refused and shown nowhere', async () => {
  await serving(createServer(listener(() => done)), async (port) => {
    const problem = await failure(
      client(`http://127.0.0.1:${port}/`, { password: 'wrong-hunter3' }).reloadLocalConfig(),
    );
    expect(problem).toMatchObject({ type: 'AdminRefused', details: { code: 'account.AUTH_FAILED' } });
    expect(`${problem.message}${JSON.stringify(problem.details)}`).not.toContain('hunter3');
  });
});

test.each<[string, Answer, string]>([
  ['a fault', fault('service.PERM_DENIED'), 'AdminRefused'],
  ['an error page', { status: 503, body: '<html>' }, 'HostUnavailable'],
  ['HTML', { body: '<html>' }, 'UnknownOutput'],
  ['another response', { body: { Body: { OtherResponse: {} } } }, 'UnknownOutput'],
  ['JSON cut short', { body: '{"Body":{' }, 'UnknownOutput'],
  ['a redirect', { status: 302, body: '' }, 'UnknownOutput'],
  ['too much', { body: 'x'.repeat(17 * 1024 * 1024) }, 'UnknownOutput'],
])('%s is a failure', async (_, answer, type) => {
  await serving(createServer(listener(() => answer)), async (port) => {
    expect((await failure(client(`http://127.0.0.1:${port}/`).reloadLocalConfig())).type).toBe(type);
  });
});

test('silence, nobody there, and cancelling', async () => {
  let url = '';
  await serving(
    createServer(() => undefined),
    async (port) => {
      url = `http://127.0.0.1:${port}/`;
      expect((await failure(client(url, { timeoutMs: 200 }).reloadLocalConfig())).type).toBe(
        'HostUnavailable',
      );
      const abort = AbortSignal.abort(new Error('cancelled by the test'));
      await expect(client(url).reloadLocalConfig(abort)).rejects.toThrow('cancelled by the test');
    },
  );
  expect((await failure(client(url).reloadLocalConfig())).type).toBe('HostUnavailable');
});

test('the certificate must be right, unless it is said otherwise', async () => {
  const dir = folder();
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...args, ...files], { stdio: 'ignore' });
  const tls = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    listener(() => done),
  );
  await serving(tls, async (port) => {
    const url = `https://127.0.0.1:${port}/service/admin/soap`;
    expect((await failure(client(url).reloadLocalConfig())).type).toBe('AdminRefused');
    await client(url, { caFile: cert }).reloadLocalConfig();
    await client(url, { verifyTls: false }).reloadLocalConfig();
    expect((await failure(client(url, { caFile: join(dir, 'none') }).reloadLocalConfig())).type).toBe(
      'AdminRefused',
    );
  });
});

test('no password goes in clear text to another machine', async () => {
  for (const url of [
    'http://mail.example.com/',
    'ftp://127.0.0.1/',
    'nothing',
    'https://admin:x@127.0.0.1/',
  ]) {
    expect((await failure(client(url).reloadLocalConfig())).type).toBe('InvalidInput');
  }
});
