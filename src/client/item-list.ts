/** Lists of items on a command line. */
import { parseItemList } from '../contracts/item-list';
import { CommandError } from './errors';

/** Whether a word of a command line begins a list. */
export const isItemList = (word: string): boolean => /^items?:/i.test(word);

/**
 * The ids of a list that the shell may have cut at its spaces, each once, in the order given. The word `item:` may be
 * left out.
 * @throws CommandError `Usage`
 */
export function parseItems(words: readonly string[]): number[] {
  const text = words.join(' ');
  const ids = parseItemList(text);
  if (Array.isArray(ids)) return ids;
  const what = ids === '' ? 'no item id' : `"${ids.slice(0, 40)}", which is no item id`;
  throw new CommandError('Usage', `The list "${text.slice(0, 200)}" has ${what}. Such as: item:856,13339`);
}
