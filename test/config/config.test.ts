import { describeEnvironment, loadConfig } from '../../src/config';

test('without anything set there is a default for everything', () => {
  const config = loadConfig({ LIFEBOAT_STATE_DIR: '/var/lib/lifeboat' });
  expect(config).toMatchObject({
    stateDir: '/var/lib/lifeboat',
    defaultTarget: 'maildir:/var/lib/lifeboat/mailboxes',
    secretsDir: '/var/lib/lifeboat/secrets',
    taskQueue: 'lifeboat',
    logLevel: 'info',
    metricsAddress: null,
    mail: { url: null, from: 'lifeboat@localhost', admins: [] },
    shutdownGraceSeconds: 10,
  });
});

test('an empty variable counts as not set, an override of the command line wins', () => {
  const env = { LIFEBOAT_STATE_DIR: '/from/env', LIFEBOAT_TARGET: '', LIFEBOAT_ADMINS: '' };
  expect(loadConfig(env, { stateDir: '/given' })).toMatchObject({ stateDir: '/given', mail: { admins: [] } });
});

test('administrators are a list', () => {
  const { mail } = loadConfig({ LIFEBOAT_ADMINS: 'a@example.com, b@example.com,' });
  expect(mail.admins).toEqual(['a@example.com', 'b@example.com']);
});

test('wrong values are named all at once, and their content is not repeated', () => {
  const env = {
    LIFEBOAT_STATE_DIR: 'relative',
    LIFEBOAT_LOG_LEVEL: 'loud',
    LIFEBOAT_METRICS_ADDRESS: 'localhost:9464',
    LIFEBOAT_SMTP_URL: 'http://user:hunter2@host',
    LIFEBOAT_ADMINS: 'nobody',
    LIFEBOAT_SHUTDOWN_GRACE_SECONDS: 'soon',
  };
  const wrong = (): unknown => loadConfig(env);
  for (const name of Object.keys(env)) expect(wrong).toThrow(name);
  expect(wrong).not.toThrow('hunter2');
});

test('every variable has a description', () => {
  for (const { description } of describeEnvironment()) expect(description).toMatch(/Default: /);
});

test('the mail host: commands are words, an address has a port, and a user needs a password file', () => {
  const { carbonio } = loadConfig({});
  expect(carbonio).toMatchObject({
    command: '/opt/zextras/bin/carbonio',
    user: 'zextras',
    admin: { login: null, caFile: null, verifyTls: true },
    lmtp: { host: '127.0.0.1', port: 7025 },
  });
  expect(loadConfig({ LIFEBOAT_LMTP_ADDRESS: '[::1]:7026' }).carbonio.lmtp).toEqual({
    host: '::1',
    port: 7026,
  });
  const wrong = {
    LIFEBOAT_CARBONIO_COMMAND: '  ',
    LIFEBOAT_ZMLOCALCONFIG_COMMAND: 'a\nb',
    LIFEBOAT_CARBONIO_USER: '-x',
    LIFEBOAT_LMTP_ADDRESS: 'mail',
    LIFEBOAT_ADMIN_TLS_VERIFY: 'no',
  };
  for (const name of Object.keys(wrong)) expect(() => loadConfig(wrong)).toThrow(name);
  expect(() => loadConfig({ LIFEBOAT_ADMIN_USER: 'admin' })).toThrow('LIFEBOAT_ADMIN_PASSWORD_FILE');
});
