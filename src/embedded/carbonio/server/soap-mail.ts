/** Requests of a mailbox that an administrator makes on its behalf. Of a search only what finds a message by its subject. */
import { readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Account, Mailboxes } from '../mailboxes';

type Fields = Readonly<Record<string, unknown>>;

const idOf = (path: string): string => basename(path).split(':')[0] ?? '';
const subjectOf = (path: string): string =>
  /^Subject: (.*)$/im.exec(readFileSync(path, 'latin1').split(/\r?\n\r?\n/)[0] ?? '')?.[1]?.trim() ?? '';

/** @returns undefined for a query of another form */
export function searchMessages(
  mailboxes: Mailboxes,
  account: Account,
  { query }: Fields,
): Fields | undefined {
  const [, wanted] = /^subject:"([^"]+)"$/.exec(typeof query === 'string' ? query : '') ?? [];
  if (wanted === undefined) return undefined;
  const found = mailboxes.files(account.place).map((path) => ({ id: idOf(path), su: subjectOf(path) }));
  const m = found.filter(({ su }) => su.includes(wanted));
  return { sortBy: 'dateDesc', offset: 0, more: false, ...(m.length > 0 ? { m } : {}) };
}

/** @returns undefined for another action than the deletion of messages that are there */
export function actOnMessages(
  mailboxes: Mailboxes,
  account: Account,
  { action }: Fields,
): Fields | undefined {
  const { id, op } = (action ?? {}) as { id?: unknown; op?: unknown };
  if (op !== 'delete' || typeof id !== 'string') return undefined;
  const files = id.split(',').map((one) => mailboxes.files(account.place).find((path) => idOf(path) === one));
  if (files.some((path) => path === undefined)) return undefined;
  for (const path of files) rmSync(path as string);
  return { action: { id, op } };
}
