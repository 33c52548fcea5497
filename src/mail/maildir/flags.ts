/** The server's flag letters as the letters after `:2,` in a Maildir file name. */

const LETTERS: Readonly<Record<string, string>> = { f: 'F', r: 'R', w: 'P', d: 'D', x: 'T' };

/**
 * `S` (seen) unless `u` is there; F flagged, R replied, P passed on, D draft, T trashed. Letters that a Maildir has
 * nothing for (attachment, sent by me, priorities) say nothing that the message itself does not.
 *
 * @param keywords letters a–z of the folder's keywords
 */
export function maildirFlags(flags: string, keywords = ''): string {
  const letters = new Set<string>(flags.includes('u') ? '' : 'S');
  for (const flag of flags) {
    const letter = LETTERS[flag];
    if (letter !== undefined) letters.add(letter);
  }
  for (const letter of keywords) letters.add(letter);
  // ASCII order: capitals come before keywords.
  return [...letters].sort().join('');
}
