/** What is not SOAP: `/service/upload?fmt=raw`, and items by `/home/~/?id=…&fmt=raw|vcf|ics`. */
import type { IncomingMessage } from 'node:http';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import type { Uploads } from './uploads';

export interface FileAnswer {
  readonly status: number;
  readonly body: Buffer | string;
}

/** Default of `zimbraMtaMaxMessageSize`, which limits uploads. Bytes. */
export const LARGEST = 100 * 1024 * 1024;

/** @param account whose token came along; null: none */
export async function upload(
  request: IncomingMessage,
  account: Account | null,
  uploads: Uploads,
  most = LARGEST,
): Promise<FileAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
  }
  const say = (status: number): FileAnswer => ({ status: 200, body: `${status},'null'\n` });
  if (account === null) return say(401);
  if (size > most) return say(413);
  // a client that goes away in the middle has uploaded nothing
  if (size !== Number(request.headers['content-length'] ?? size)) return say(500);
  if (!/filename="[^"]+"/.test(request.headers['content-disposition'] ?? '')) return say(204);
  const id = uploads.put(account.name, Buffer.concat(chunks));
  return { status: 200, body: `200,'null','${id}'\n` };
}

export function item(host: Host, query: URLSearchParams, account: Account | null): FileAnswer {
  if (account === null) return { status: 401, body: 'Unauthorized' };
  const box = host.boxes.of(account);
  const found = box.items.get(Number(query.get('id')));
  if (found === undefined) return { status: 404, body: 'no such item' };
  const wanted = { m: 'raw', cn: 'vcf', appt: 'ics', task: 'ics' }[found.type];
  if (query.get('fmt') !== wanted) return { status: 400, body: 'unsupported format' };
  const content = box.content(found);
  if (found.type !== 'cn') return { status: 200, body: content };
  // a real server keeps foreign properties of a contact to itself here
  return { status: 200, body: content.toString('utf8').replace(/^X-(?!ZIMBRA-).*\r?\n/gm, '') };
}
