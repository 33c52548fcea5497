/** Tags of items: a name that the server refuses takes no other with it. */
import { isFault } from './fault';
import type { AccountSession } from './session';

/** Makes a tag, which may be there. Answers why the server does not have such a name; else null. */
export async function makeTag(session: AccountSession, name: string): Promise<string | null> {
  try {
    await session.call('CreateTag', { tag: { name } });
    return null;
  } catch (error) {
    if (!isFault(error, 'mail.ALREADY_EXISTS', 'mail.INVALID_NAME')) throw error;
    return error.code === 'mail.INVALID_NAME' ? error.words : null;
  }
}

/**
 * What is left of tags that the server refused together, and what is said of the others.
 * @param words of that refusal, for when each by itself is taken: then none is left
 */
export async function withoutRefused(
  session: AccountSession,
  tags: readonly string[],
  words: string,
): Promise<{ readonly tags: readonly string[]; readonly note: string }> {
  const all = { tags: [], note: `without its tags, which the server refuses: ${words}` };
  if (tags.length === 1) return all;
  const left: string[] = [];
  const refused: string[] = [];
  for (const tag of tags) {
    if ((await makeTag(session, tag)) === null) left.push(tag);
    else refused.push(JSON.stringify(tag));
  }
  if (left.length === 0 || refused.length === 0) return all;
  const which = refused.length === 1 ? 'tag' : 'tags';
  return {
    tags: left,
    note: `without its ${which} ${refused.join(', ')}, which the server refuses: ${words}`,
  };
}

/** In the server's form: a comma between names, a backslash before one within. */
export const tagNames = (tags: readonly string[]): string =>
  tags.map((tag) => tag.replace(/[\\,]/g, '\\$&')).join(',');

/** Tags items that are there. Answers what could not be kept. */
export async function addTags(
  session: AccountSession,
  ids: readonly number[],
  tags: readonly string[],
): Promise<string[]> {
  const notes: string[] = [];
  for (let wanted = tags; wanted.length > 0;) {
    try {
      await session.call('ItemAction', { action: { id: ids.join(','), op: 'tag', tn: tagNames(wanted) } });
      break;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.code !== 'mail.INVALID_NAME') return [...notes, `without its tags: ${error.words}`];
      const rest = await withoutRefused(session, wanted, error.words);
      notes.push(rest.note);
      wanted = rest.tags;
    }
  }
  return notes;
}
