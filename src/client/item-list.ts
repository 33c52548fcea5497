/** Lists of items as the report and the server's own search write them: `item: 856,13339, 45200`. */
import { isItemId } from '../backup-path/layout';
import { CommandError } from './errors';

/** Whether a word of a command line begins a list. */
export const isItemList = (word: string): boolean => /^items?:/i.test(word);

/**
 * The ids of a list that the shell may have cut at its spaces, each once, in the order given. The word `item:` may be
 * left out.
 * @throws CommandError `Usage`
 */
export function parseItems(words: readonly string[]): number[] {
  const text = words.join(' ').replace(/^\s*items?:/i, '');
  const ids = text.split(/[\s,]+/).filter((id) => id !== '');
  const wrong = ids.find((id) => !isItemId(id));
  if (ids.length === 0 || wrong !== undefined) {
    const what = wrong === undefined ? 'no item id' : `"${wrong.slice(0, 40)}", which is no item id`;
    throw new CommandError(
      'Usage',
      `The list "${words.join(' ').slice(0, 200)}" has ${what}. Such as: item:856,13339`,
    );
  }
  return [...new Set(ids.map(Number))];
}
