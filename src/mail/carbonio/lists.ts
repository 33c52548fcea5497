/** Distribution lists. */
import type { ProvisionList } from '../target';
import { attributesOf, createWith, modify } from './attributes';
import { isFault } from './fault';
import { attributeIn } from './json';
import { lookUp, UNFINISHED } from './look-in-directory';
import type { CarbonioClient } from './session';

/** @returns whether it was missing, or unfinished; null when the server refuses it, which is noted */
export async function makeList(
  client: CarbonioClient,
  { name, members, attributes }: ProvisionList,
  note: (text: string) => void,
): Promise<boolean | null> {
  const what = { kind: 'DistributionList', member: 'dl', name, note };
  const mark = { n: 'zimbraNotes', _content: UNFINISHED };
  let id: string | null;
  try {
    id = await createWith(client, what, { name }, [mark]);
  } catch (error) {
    if (!isFault(error)) throw error;
    note(`The list ${name} is left out: ${error.words}.`);
    return null;
  }
  if (id === null) {
    const found = await lookUp(client, 'GetDistributionList', 'dl', name);
    if (found === null || attributeIn(found, 'zimbraNotes')[0] !== UNFINISHED) return false;
    id = found.id;
  }
  await modify(client, what, id, attributesOf(attributes, 'list'));
  if (members.length > 0) await addMembers(client, { id, name }, members, note);
  const notes = [attributes['zimbraNotes'] ?? ''].flat()[0] ?? '';
  await modify(client, what, id, [{ n: 'zimbraNotes', _content: notes }]);
  return true;
}

/** All at once; when the server refuses that, one by one. */
async function addMembers(
  client: CarbonioClient,
  { id, name }: { id: string; name: string },
  members: readonly string[],
  note: (text: string) => void,
): Promise<void> {
  const add = async (some: readonly string[]): Promise<boolean> => {
    try {
      await client.admin('AddDistributionListMember', { id, dlm: some.map((_content) => ({ _content })) });
      return true;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (some.length === 1) note(`The list ${name} is without ${some[0]}: ${error.words}.`);
      return false;
    }
  };
  if (await add(members)) return;
  if (members.length > 1) for (const member of members) await add([member]);
}
