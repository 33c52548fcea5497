import { Problem } from '../../src/failures';
import { parseSmtpUrl } from '../../src/mailer';

test.each([
  ['smtp://mail.example.com', { host: 'mail.example.com', port: 25, secure: false, requireTLS: false }],
  ['smtp://a:b@mail.example.com', { port: 587, requireTLS: true, auth: { user: 'a', pass: 'b' } }],
  ['smtp://a:b@localhost:2525', { port: 2525, requireTLS: false }],
  ['smtp://a:b@[::1]', { host: '::1', requireTLS: false }],
  ['smtps://a%40b.c:p%2Fq@h', { port: 465, secure: true, auth: { user: 'a@b.c', pass: 'p/q' } }],
  ['smtp://h?tls=required', { requireTLS: true, rejectUnauthorized: true }],
  ['smtp://h?tls=unverified', { requireTLS: true, rejectUnauthorized: false }],
  ['smtp://a:b@h?tls=never', { requireTLS: false, ignoreTLS: true }],
])('%s', (url, expected) => {
  expect(parseSmtpUrl(url)).toMatchObject(expected);
});

test.each([
  ['mail.example.com', 'it must look like'],
  ['imap://h', 'it must begin with'],
  ['smtp://', 'it must look like'],
  ['smtp://h/path', 'it must look like'],
  ['smtp://:pw@h', 'it has a password but no user'],
  ['smtp://h?logger=true', 'its only option is tls'],
])('%s is refused', (url, message) => {
  const failed = (() => {
    try {
      return parseSmtpUrl(url);
    } catch (error) {
      return error;
    }
  })();
  expect(failed).toBeInstanceOf(Problem);
  expect(failed).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(message) });
});
