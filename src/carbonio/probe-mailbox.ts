/** Takes probe messages out of their mailbox again, by SOAP. Nothing else is touched there. */
import type { AdminSoap } from './admin-soap';
import { isObject } from './parse/answer';
import { unknownOutput } from './parse/excerpt';

const MAIL = 'urn:zimbraMail';

/**
 * Removes the messages whose subject holds `token`, which is ours alone.
 *
 * `SearchRequest` and `MsgActionRequest` are calls of the public SOAP interface; that a message is found at once after
 * its delivery was not observed on a real server.
 *
 * @returns how many were removed
 * @throws Problem as AdminSoap does
 */
export async function removeProbes(admin: AdminSoap, mailbox: string, token: string): Promise<number> {
  if (!/^[0-9a-f-]{36}$/.test(token)) throw new Error('the token of a probe is a UUID');
  const account = { by: 'name', _content: mailbox } as const;
  const found = await admin.request({
    name: 'Search',
    namespace: MAIL,
    account,
    body: { types: 'message', limit: 10, query: `subject:"${token}"` },
  });
  const ids = messagesOf(found.m).filter(({ subject }) => subject.includes(token));
  for (const { id } of ids) {
    await admin.request({
      name: 'MsgAction',
      namespace: MAIL,
      account,
      body: { action: { id, op: 'delete' } },
    });
  }
  return ids.length;
}

function messagesOf(members: unknown): { id: string; subject: string }[] {
  if (members === undefined) return [];
  if (!Array.isArray(members)) throw unknownOutput('The answer to Search', JSON.stringify(members));
  return members.map((one: unknown) => {
    if (isObject(one) && typeof one.id === 'string') {
      return { id: one.id, subject: typeof one.su === 'string' ? one.su : '' };
    }
    throw unknownOutput('The answer to Search', JSON.stringify(members));
  });
}
