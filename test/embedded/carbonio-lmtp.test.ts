/** LMTP of the stand-in: the answers of a real server. */
import { mail, accountInfo } from '../restore/store';
import { CarbonioBench } from './carbonio-kit';

let bench: CarbonioBench;
beforeEach(async () => {
  bench = new CarbonioBench();
  await bench.start();
  await bench.carbonio('prov', 'ca', 'jane@example.com', 'x');
});
afterEach(() => bench.remove());

const line = (bytes: number): string => `Subject: line ${bytes}\r\n\r\n${'x'.repeat(bytes)}\r\n`;

test('greeting, LHLO and every answer of a delivery', async () => {
  const data = Buffer.concat([mail('one'), Buffer.from('.\r\n')]);
  const said = await bench.lmtp(
    ...['LHLO test', 'MAIL FROM:<>', 'RCPT TO:<jane@example.com>', 'RCPT TO:<joe@example.com>', 'DATA'],
    ...[data, 'QUIT'],
  );
  expect(said).toEqual([
    '220 mail.stand-in.invalid Zimbra LMTP server ready',
    '250-mail.stand-in.invalid',
    ...['250-8BITMIME', '250-ENHANCEDSTATUSCODES', '250-STARTTLS', expect.stringMatching(/^250-SIZE /)],
    '250 PIPELINING',
    '250 2.0.0 Sender OK',
    '250 2.1.5 Recipient OK',
    '550 5.1.1 No such user here',
    '354 End data with <CR><LF>.<CR><LF>',
    '250 2.1.5 Delivery OK',
    expect.stringMatching(/^221 /),
  ]);
  expect(bench.subjects('jane@example.com')).toEqual(['one']);
});

test('one answer a recipient, each for itself', async () => {
  await bench.carbonio('prov', 'ca', 'joe@example.com', 'x', 'zimbraMailQuota', '10');
  const data = Buffer.concat([mail('one'), Buffer.from('.\r\n')]);
  const said = await bench.lmtp(
    ...['LHLO test', 'MAIL FROM:<>', 'RCPT TO:<jane@example.com>', 'RCPT TO:<joe@example.com>', 'DATA'],
    data,
  );
  expect(said.slice(-2)).toEqual(['250 2.1.5 Delivery OK', '552 5.2.2 Over quota']);
});

test('MAIL before LHLO drops the connection; a bad BODY has the words of the validator', async () => {
  expect((await bench.lmtp('MAIL FROM:<>', 'LHLO x')).slice(1)).toEqual(['503 5.5.1 Need LHLO command']);
  const said = await bench.lmtp('LHLO x', 'MAIL FROM:<> BODY=FOO', 'QUIT');
  expect(said.at(-2)).toBe('501 5.5.4 Syntax error in BODY parameter');
});

test('a line of more than 10240 bytes is refused, whatever ends it, until the running server is told otherwise', async () => {
  const refused = '501 5.5.4 Syntax error in BODY parameter';
  const deliver = (message: string): Promise<string> => bench.deliver('jane@example.com', message);
  expect(await deliver(line(10_240))).toBe('250 2.1.5 Delivery OK');
  expect(await deliver(line(10_241))).toBe(refused);
  expect(await deliver(`X-Long: ${'h'.repeat(10_300)}\r\n\r\nbody`)).toBe(refused);
  expect(await deliver(`Subject: cr\r\n\r\n${'x'.repeat(6000)}\r${'x'.repeat(6000)}`)).toBe(
    '250 2.1.5 Delivery OK',
  );
  await bench.as(998, 'zmlocalconfig', '-e', 'zimbra_lmtp_max_line_length=20000');
  expect(await deliver(line(10_241))).toBe(refused);
  expect((await bench.zmlocalconfig('--reload')).code).toBe(0);
  expect(await deliver(line(10_241))).toBe('250 2.1.5 Delivery OK');
  expect(bench.subjects('jane@example.com')).toEqual(['cr', 'line 10240', 'line 10241']);
});

test('a second message with the same id is taken and not stored; after a restart it is forgotten', async () => {
  expect(await bench.deliver('jane@example.com', mail('one'))).toBe('250 2.1.5 Delivery OK');
  expect(await bench.deliver('jane@example.com', mail('one'))).toBe('250 2.1.5 Delivery OK');
  expect(bench.subjects('jane@example.com')).toEqual(['one']);
  await bench.up.restart();
  await bench.deliver('jane@example.com', mail('one'));
  expect(bench.subjects('jane@example.com')).toEqual(['one', 'one']);
});

test('a quota that a stopped restore lifted stays lifted, one that ended well is back', async () => {
  const quota = { attributes: { zimbraMailQuota: '100' } };
  bench.store.writer.account(accountInfo('a1', 'bob@example.com', quota));
  bench.store.message('a1', 300, mail('old'));
  bench.up.setFaults([{ kind: 'hold', at: 'items', milliseconds: 60_000, times: 1 }]);
  const id = await bench.restore();
  const over = '552 5.2.2 Over quota';
  const read = async (): Promise<string> =>
    (await bench.carbonio('prov', 'ga', 'bob@example.com', 'zimbraMailQuota')).stdout.split('\n')[1] ?? '';
  while ((await read()) !== 'zimbraMailQuota: 0');
  const running = bench.carbonio('backup', 'monitor', id);
  await bench.carbonio('backup', 'doStopOperation', id);
  await running;
  expect(await bench.deliver('bob@example.com', mail('new'))).toBe('250 2.1.5 Delivery OK');
  expect((await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source)).code).toBe(0);
  expect(await read()).toBe('zimbraMailQuota: 100');
  expect(await bench.deliver('bob@example.com', mail('newer'))).toBe(over);
});
