/**
 * Messages, contacts and calendar entries. AddMsg as a real server was seen to answer: no validator, `d` and flags kept,
 * tags made as they come, LF within the request becomes CRLF. CreateContact with a vCard, GetContacts, a bad calendar entry that is
 * passed over, and ItemAction by the server's source.
 */
import type { Host } from '../host';
import type { BoxItem } from '../box-model';
import type { MailBox } from '../mail-box';
import type { Account } from '../mailboxes';
import { folderOf, requireName } from './soap-box';
import { inner, invalid, ofMailbox, SoapFault, text, type Fields, type Handlers } from './soap-kit';
import type { Uploads } from './uploads';

/** The inverse of how tags are written: a comma between names, a backslash before one within. */
function tagsOf(tn: unknown): string[] {
  const names = [...text(tn).matchAll(/(?:\\.|[^\\,])+/gs)].map(([name]) =>
    name.replace(/\\(.)/gs, '$1').trim(),
  );
  const wanted = names.filter((name) => name !== '');
  wanted.forEach(requireName);
  return wanted;
}

const crlf = (content: string): Buffer => Buffer.from(content.replace(/\r?\n/g, '\r\n'), 'utf8');

/** What is sent within the request, or was uploaded before. */
function contentOf({ uploads, account }: Box, carrier: Fields, member: string): Buffer {
  const part = carrier[member];
  const aid = text(carrier['aid'] ?? inner(part)['aid']);
  if (aid === '') {
    if (typeof inner(part)['_content'] !== 'string') throw invalid(`missing required element: ${member}`);
    return crlf(text(part));
  }
  const bytes = uploads.get(account.name, aid);
  uploads.drop(aid);
  return bytes;
}

interface Box {
  readonly host: Host;
  readonly account: Account;
  readonly box: MailBox;
  readonly uploads: Uploads;
}

function requireRoom({ host, account, box }: Box, bytes: number): void {
  const quota = host.quotas.isLifted(account.name) ? 0 : host.mailboxes.quota(account);
  if (quota > 0 && box.usedBytes + bytes > quota)
    throw new SoapFault('mail.QUOTA_EXCEEDED', 'mailbox exceeded quota');
}

function add(of: Box, item: Omit<BoxItem, 'id' | 'file'>, content: Buffer, replaced?: number): BoxItem {
  requireRoom(of, content.length);
  return of.box.add(item, content, replaced);
}

function addMsg(of: Box, request: Fields): Fields {
  const m = inner(request['m']);
  const { id: l } = folderOf(of.box, m['l']);
  const tags = tagsOf(m['tn']);
  const content = contentOf(of, m, 'content');
  const date = typeof m['d'] === 'number' ? m['d'] : Date.now();
  const item = add(of, { type: 'm', l, f: text(m['f']), tags, date }, content);
  return { m: [{ id: String(item.id), l: String(l), s: content.length, d: date, f: item.f }] };
}

function createContact(of: Box, request: Fields): Fields {
  const cn = inner(request['cn']);
  const { id: l } = folderOf(of.box, cn['l'] ?? '7');
  const content = contentOf(of, { vcard: cn['vcard'] }, 'vcard');
  const card = content.toString('utf8');
  if (!/^BEGIN:VCARD\r?\n[^]*^END:VCARD/im.test(card))
    throw new SoapFault('service.PARSE_ERROR', 'parse error: no vCard');
  const item = add(of, { type: 'cn', l, f: '', tags: tagsOf(cn['tn']), date: Date.now() }, content);
  return { cn: [{ id: String(item.id), l: String(l) }] };
}

/** Foreign properties are in an attribute that is hidden unless it is asked for, and no attributes are named. */
function getContacts({ box }: Box, request: Fields): Fields {
  const ids = [request['cn'] ?? []].flat().map((cn) => Number(text(inner(cn)['id'])));
  const isHidden = text(request['returnHiddenAttrs']) !== '1' || request['a'] !== undefined;
  const cn = ids.map((id) => {
    const item = box.items.get(id);
    if (item?.type !== 'cn') throw new SoapFault('mail.NO_SUCH_CONTACT', `no such contact: ${id}`);
    const card = box.content(item).toString('utf8');
    const foreign = [...card.matchAll(/^(X-(?!ZIMBRA-)[^:\r\n]*):(.*?)\r?$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    const hidden = isHidden ? {} : { vcardXProps: JSON.stringify(Object.fromEntries(foreign)) };
    const fullName = /^FN[^:]*:(.*?)\r?$/m.exec(card)?.[1] ?? '';
    return { id: String(id), l: String(item.l), _attrs: { fullName, ...hidden } };
  });
  return { cn };
}

function importAppointments(of: Box, request: Fields): Fields {
  const { id: l } = folderOf(of.box, request['l'] ?? '10');
  if (!/^(ics|text\/calendar)$/i.test(text(request['ct']))) throw invalid('unsupported content type');
  const content = contentOf(of, { content: request['content'] }, 'content');
  const parts = [...content.toString('utf8').matchAll(/^BEGIN:(VEVENT|VTODO)\r?\n[^]*?^END:\1/gm)];
  const good = parts.filter(([part, kind]) => kind === 'VTODO' || /^DTSTART[:;]/m.test(part));
  if (good.length === 0) return { appt: [{ ids: '', n: parts.length }] };
  const [part = '', kind] = good[0] ?? [];
  const uid = /^UID:(.*?)\r?$/m.exec(part)?.[1] ?? '';
  // an entry has one id wherever it is
  const same = [...of.box.items.values()].find((item) => item.uid === uid);
  const type = kind === 'VTODO' ? 'task' : 'appt';
  const item = add(of, { type, l, f: '', tags: [], date: Date.now(), uid }, content, same?.id);
  return { appt: [{ ids: good.map(() => `${item.id}-${item.id}`).join(','), n: parts.length }] };
}

function itemAction({ box }: Box, request: Fields): Fields {
  const { id, op, tn } = inner(request['action']);
  const items = text(id)
    .split(',')
    .map((one) => box.items.get(Number(one)));
  if (op !== 'tag') throw invalid(`unknown operation: ${text(op)}`);
  if (items.some((item) => item === undefined))
    throw new SoapFault('mail.NO_SUCH_ITEM', `no such item: ${text(id)}`);
  for (const item of items) if (item !== undefined) box.retag(item, tagsOf(tn));
  return { action: { id, op } };
}

const handler = (run: (of: Box, request: Fields) => Fields) =>
  ofMailbox((host, account, request, uploads) =>
    run({ host, account, box: host.boxes.of(account), uploads }, request),
  );

export const ITEMS: Handlers = {
  AddMsgRequest: handler(addMsg),
  CreateContactRequest: handler(createContact),
  GetContactsRequest: handler(getContacts),
  ImportAppointmentsRequest: handler(importAppointments),
  ItemActionRequest: handler(itemAction),
};
