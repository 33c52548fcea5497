/** Sizes and odd bytes at the borders of the protocols: no server is needed to see these. */
import type { ImapConnection } from '../../src/mail/imap/connection';
import { messagesFrom } from '../../src/mail/imap/look-up';
import { valuesOf } from '../../src/mail/imap/wire';
import { endsTooSoon } from '../../src/mail/lmtp/content';
import { LmtpMailbox } from '../../src/mail/lmtp/mailbox';
import type { Sender } from '../../src/mail/lmtp/sender';

test('a folder of very many messages is asked for in windows, so that no answer is a line without end', async () => {
  const asked: string[] = [];
  const must = async (command: string): Promise<unknown> => {
    asked.push(command);
    return { untagged: command.endsWith('*') ? [['SEARCH', '200000']] : [['SEARCH']] };
  };
  const found = messagesFrom({ must } as unknown as ImapConnection, 7);
  expect(await found.next()).toEqual({ done: true, value: undefined });
  expect(asked).toEqual([
    'UID SEARCH UID *',
    'UID SEARCH UID 7:80006',
    'UID SEARCH UID 80007:160006',
    'UID SEARCH UID 160007:200000',
  ]);
});

test('a message that memory might not hold is refused before it is read', async () => {
  const open = (): never => {
    throw new Error('it was read');
  };
  const content = { kind: 'stream', size: 256 * 1024 * 1024 + 1, open } as const;
  const message = { itemId: 1, key: '', folder: 'INBOX', flags: '', tags: [], date: 0, content };
  expect(await new LmtpMailbox({} as Sender, null).deliver(message)).toMatchObject({
    kind: 'invalid',
    reason: expect.stringContaining('larger than 256 MiB'),
  });
});

test.each([
  ['LIST () "/" foo[bar', ['LIST', [], '/', 'foo[bar']],
  ['LIST () "/" "a" b', ['LIST', [], '/', 'a', 'b']],
  ['OK [UIDNEXT 4] x', ['OK', '[UIDNEXT 4]', 'x']],
  ['1 FETCH (BODY[HEADER.FIELDS (A)] NIL)', ['1', 'FETCH', ['BODY[HEADER.FIELDS (A)]', null]]],
])('%s is read as it is meant', (line, expected) => {
  expect(valuesOf([line])).toEqual(expected);
});

test.each([
  ['x\r.', true],
  ['x\r.\r\n', true],
  ['x\r.y', false],
  ['x\r\n.', false],
])('%j has a dot that may end it: %s', (text, expected) => {
  expect(endsTooSoon(Buffer.from(text))).toBe(expected);
});
