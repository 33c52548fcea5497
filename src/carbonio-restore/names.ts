/** Lists in a sentence. */
const MOST_NAMES = 20;

export const listed = (names: readonly string[]): string =>
  names.slice(0, MOST_NAMES).join(', ') +
  (names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : '');
