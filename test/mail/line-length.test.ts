import { LineLength } from '../../src/mail/maildir/line-length';

/** The rule, as plainly as it can be said. */
function longestLine(bytes: Buffer): number {
  return Math.max(
    ...bytes
      .toString('latin1')
      .split(/[\r\n]/)
      .map((line) => line.length),
  );
}

function measured(bytes: Buffer, limit: number, chunk: number): number {
  const lines = new LineLength(limit);
  for (let at = 0; at < bytes.length; at += chunk) lines.add(bytes.subarray(at, at + chunk));
  return lines.tooLong;
}

test.each([
  ['the limit itself', 'a'.repeat(10), 0],
  ['one more', 'a'.repeat(11), 11],
  ['a lone CR ends a line', `${'a'.repeat(10)}\r${'b'.repeat(10)}`, 0],
  ['a lone LF ends a line', `${'a'.repeat(10)}\n${'b'.repeat(10)}`, 0],
  ['bytes count, not characters', 'üüüüüü', 12],
  ['the longest is told', `${'a'.repeat(12)}\r\n${'b'.repeat(15)}\r\n${'c'.repeat(13)}`, 15],
  ['a CR just before the end of a chunk', `${'a'.repeat(9)}\r`, 0],
  ['nothing', '', 0],
])('%s', (_what, text, expected) => {
  const bytes = Buffer.from(text);
  for (const chunk of [1, 2, 3, 7, 1000]) expect(measured(bytes, 10, chunk)).toBe(expected);
});

test('agrees with the plain rule on any bytes, however they are cut', () => {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(
      Array.from({ length: 400 }, () => (random(9) === 0 ? [10, 13][random(2)] : 97 + random(26)) ?? 0),
    );
    const longest = longestLine(bytes);
    const limit = 10 + random(80);
    const expected = longest > limit ? longest : 0;
    if (expected > 0) refused++;
    expect(measured(bytes, limit, 1 + random(50))).toBe(expected);
  }
  expect(refused).toBeGreaterThan(50);
  expect(refused).toBeLessThan(250);
});
