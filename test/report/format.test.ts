import {
  byteSize,
  durationWords,
  printable,
  printableJson,
  shortDuration,
  withoutPassword,
} from '../../src/report/format';

test.each([
  [0.2, 'less than a second'],
  [1, '1 second'],
  [63, '1 minute, 3 seconds'],
  [3_600, '1 hour'],
  [59.6, '1 minute'],
  [90_061, '1 day, 1 hour, 1 minute, 1 second'],
  [Number.NaN, 'unknown'],
])('%d seconds in words', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words);
});

test.each([
  [0, '0 s'],
  [0.04, '0 s'],
  [12.34, '12.3 s'],
  [59.97, '1 min 0 s'],
  [3_599.7, '1 h 0 min'],
  [7_500, '2 h 5 min'],
])('%d seconds for tables', (seconds, text) => {
  expect(shortDuration(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('%d bytes', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});

test.each([
  ['imap://ann:p@ss@host/x?a=b@c', 'imap://ann@host/x?a=b@c'],
  ['imaps://ann@host', 'imaps://ann@host'],
  ['maildir:/srv/a:b@c', 'maildir:/srv/a:b@c'],
  ['lmtp://h:24?lookup=imap://ann:pw@host', 'lmtp://h:24?lookup=imap://ann@host'],
  ['lmtp://h?lookup=imap%3A%2F%2Fann%3Apw%40host', 'lmtp://h?lookup=imap%3A%2F%2Fann%40host'],
  ['soap://h?user=ann&password=pw&x=1', 'soap://h?user=ann&password=***&x=1'],
])('%s without its password', (url, clean) => {
  expect(withoutPassword(url)).toBe(clean);
});

test('foreign text stays on its line and reads in its direction', () => {
  expect(printable('a\r\nb\tc\u001b[2J\u0085\u2028\ud800\u202e')).toBe(
    'a\\r\\nb\\tc\\u001b[2J\\u0085\\u2028\\ud800\\u202e',
  );
  expect(printable('Jürgen 😀 שלום')).toBe('Jürgen 😀 שלום');
});

test('JSON that a terminal may show says the same, without what steers one', () => {
  const value = { name: 'a\u009b31m\u202eb\u2066\u007f\ufeff\u2028é' };
  const shown = printableJson(JSON.stringify(value));
  expect(shown).toBe('{"name":"a\\u009b31m\\u202eb\\u2066\\u007f\\ufeff\\u2028é"}');
  expect(JSON.parse(shown)).toEqual(value);
});
