/**
 * Folders, tags and shares of a mailbox. CreateFolder and CreateTag as a real server was seen to answer; Sync,
 * FolderAction and data sources by the server's source; which characters a name may not have is a guess, but for `/`.
 */
import type { BoxFolder } from '../box-model';
import type { MailBox } from '../mail-box';
import { inner, invalid, ofMailbox, SoapFault, text, type Fields, type Handlers } from './soap-kit';
import type { Host } from '../host';

const VIEWS = ['message', 'contact', 'appointment', 'task', 'document', ''];
const LONGEST_NAME = 128;

export const requireName = (name: string): void => {
  if (name === '' || name.trim() !== name || name.length > LONGEST_NAME || /[/:"\p{Cc}]/u.test(name))
    throw new SoapFault('mail.INVALID_NAME', `invalid name: ${name}`);
};

/** By id, or by path. */
export function folderOf(box: MailBox, l: unknown): BoxFolder {
  const wanted = text(l);
  const found = /^\d+$/.test(wanted) ? box.folder(Number(wanted)) : box.folderByPath(wanted);
  if (found === undefined) throw new SoapFault('mail.NO_SUCH_FOLDER', `no such folder: ${wanted}`);
  return found;
}

function shown({ id, uuid, name, l, view, grants }: BoxFolder): Fields {
  const acl = grants.length === 0 ? {} : { acl: { grant: grants } };
  return {
    id: String(id),
    uuid,
    name,
    ...(l === 0 ? {} : { l: String(l) }),
    ...(view === '' ? {} : { view }),
    ...acl,
  };
}

function tree(box: MailBox, folder: BoxFolder): Fields {
  const held: Record<string, Fields[]> = {};
  for (const type of ['m', 'cn', 'appt', 'task'] as const) {
    const ids = [...box.items.values()]
      .filter((it) => it.type === type && it.l === folder.id)
      .map(({ id }) => id);
    if (ids.length > 0) held[type] = [{ ids: ids.join(',') }];
  }
  const below = box.state.folders.filter(({ l }) => l === folder.id).map((it) => tree(box, it));
  return { ...shown(folder), ...held, ...(below.length === 0 ? {} : { folder: below }) };
}

/** The whole, or what is below a folder. */
function sync(box: MailBox, { token, l }: Fields): Fields | undefined {
  // of what came since a token nothing is told
  if (token !== undefined) return undefined;
  box.adopt();
  const answer = (folder: Fields): Fields => ({ token: '1', s: box.usedBytes, folder: [folder] });
  if (l !== undefined) return answer(tree(box, folderOf(box, l)));
  const tag = box.state.tags.map(({ id, name }) => ({ id: String(id), name }));
  const own = { id: '8', uuid: 'tags', name: 'Tags', l: '11', ...(tag.length === 0 ? {} : { tag }) };
  return answer({ id: '11', uuid: 'root', name: 'ROOT', folder: [tree(box, folderOf(box, '1')), own] });
}

function createFolder(box: MailBox, request: Fields): Fields {
  const { name, l, view, fie } = inner(request['folder']);
  const parent = folderOf(box, l ?? '1');
  requireName(text(name));
  const kind = text(view);
  if (!VIEWS.includes(kind)) throw invalid(`unknown view: ${kind}`);
  const there = box.child(parent.id, text(name));
  if (there !== undefined && text(fie) !== '1')
    throw new SoapFault('mail.ALREADY_EXISTS', `object with that name already exists: ${text(name)}`);
  return { folder: [shown(there ?? box.addFolder(parent.id, text(name), kind))] };
}

function createTag(box: MailBox, request: Fields): Fields {
  const name = text(inner(request['tag'])['name']);
  requireName(name);
  if (box.state.tags.some((tag) => tag.name.toLowerCase() === name.toLowerCase()))
    throw new SoapFault('mail.ALREADY_EXISTS', `object with that name already exists: ${name}`);
  const { id } = box.tag(name);
  return { tag: [{ id: String(id), name }] };
}

function folderAction(host: Host, box: MailBox, request: Fields): Fields {
  const { id, op, grant, view } = inner(request['action']);
  const folder = folderOf(box, id);
  if (op === 'delete') {
    if (folder.id < 256)
      throw new SoapFault('mail.IMMUTABLE_OBJECT', `cannot modify immutable object: ${folder.id}`);
    box.deleteFolder(folder.id);
  } else if (op === 'update' && VIEWS.includes(text(view))) folder.view = text(view);
  else if (op === 'grant') {
    const { gt, d, perm } = inner(grant);
    if (gt !== 'usr' || !/^[rwidxacfp]+$/.test(text(perm))) throw invalid('grant');
    // a real server takes a stranger for a guest from outside
    const kind = host.mailboxes.find(text(d)) === undefined ? 'guest' : 'usr';
    const others = folder.grants.filter((there) => there.d !== text(d));
    folder.grants.splice(0, Infinity, ...others, { gt: kind, d: text(d), perm: text(perm) });
  } else throw invalid(`unknown operation: ${text(op)}`);
  box.save();
  return { action: { id: String(folder.id), op } };
}

const KINDS = ['imap', 'pop3'];

function createDataSource(box: MailBox, request: Fields): Fields {
  const [type, settings] = Object.entries(request).find(([name]) => KINDS.includes(name)) ?? [];
  if (type === undefined) throw invalid('no data source');
  const { name, l } = inner(settings);
  if (box.state.dataSources.some((there) => there['name'] === name))
    throw new SoapFault('account.DATA_SOURCE_EXISTS', `data source already exists: ${text(name)}`);
  const folder = text(l) === '-1' ? box.addFolder(1, text(name), 'message') : folderOf(box, l);
  box.state.dataSources.push({ ...inner(settings), type, l: String(folder.id) });
  box.save();
  return { [type]: [{ id: `ds-${box.state.dataSources.length}`, l: String(folder.id) }] };
}

function dataSources(box: MailBox): Fields {
  const found: Record<string, Fields[]> = {};
  for (const source of box.state.dataSources) (found[text(source['type'])] ??= []).push(source);
  return found;
}

export const BOX: Handlers = {
  SyncRequest: ofMailbox((host, account, request) => sync(host.boxes.of(account), request)),
  CreateFolderRequest: ofMailbox((host, account, request) => createFolder(host.boxes.of(account), request)),
  CreateTagRequest: ofMailbox((host, account, request) => createTag(host.boxes.of(account), request)),
  FolderActionRequest: ofMailbox((host, account, request) =>
    folderAction(host, host.boxes.of(account), request),
  ),
  CreateDataSourceRequest: ofMailbox((host, account, request) =>
    createDataSource(host.boxes.of(account), request),
  ),
  GetDataSourcesRequest: ofMailbox((host, account) => dataSources(host.boxes.of(account))),
};
