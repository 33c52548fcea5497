/** `account.json`: what the source said of an account, for the administrator. Never a password or its hash. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProvisionAccount } from '../target';
import type { AccountPlace } from './address';
import {
  cleanTemporary,
  createFile,
  makeDirectory,
  randomName,
  readSmallFile,
  removeAfterFailure,
  writeFully,
} from './durable';
import type { Owner } from './durable';
import { parseJson } from './registry';
import { withoutSecrets } from './secrets';
import { onTarget, onTargetAsync } from './system-error';

const FORMAT = 'lifeboat/account/1';
const fsync = promisify(fs.fsync);

const ACCOUNT_FILE = 'account.json';

/** Whether an account has a mailbox or a description in the target. */
export function accountIsThere(place: AccountPlace): boolean {
  return [place.maildir, join(place.accountDir, ACCOUNT_FILE)].some(
    (path) => onTarget(path, () => fs.lstatSync(path, { throwIfNoEntry: false })) !== undefined,
  );
}

/** Whether there is an `account.json` that somebody else wrote. */
export function accountFileIsForeign(place: AccountPlace): boolean {
  const bytes = readSmallFile(join(place.accountDir, ACCOUNT_FILE));
  return bytes !== null && parseJson(z.looseObject({ format: z.literal(FORMAT) }), bytes) === null;
}

/**
 * Makes the directories of an account and an empty mailbox, so that mail can come. Answers the directories whose
 * entries are to be put on disk; those of the mailbox itself need not: whoever opens it makes what is missing.
 */
export function makeAccountDirectories(place: AccountPlace, owner: Owner): string[] {
  const created = makeDirectory(place.accountDir, owner);
  // Only what was there before can hold something that an interrupted run left.
  if (!created) cleanTemporary(place.accountDir, [ACCOUNT_FILE]);
  makeDirectory(place.maildir, owner);
  for (const part of ['tmp', 'new', 'cur']) makeDirectory(join(place.maildir, part), owner);
  return created ? [place.domainDir, place.accountDir] : [place.accountDir];
}

export interface AccountRecord {
  readonly place: AccountPlace;
  readonly account: ProvisionAccount;
}

/** Writes the files of many accounts, on disk together when this returns. */
export async function writeAccountFiles(records: readonly AccountRecord[], owner: Owner): Promise<void> {
  const written: { path: string; temporary: string; fd: number }[] = [];
  try {
    for (const { place, account } of records) {
      const path = join(place.accountDir, ACCOUNT_FILE);
      const temporary = join(place.accountDir, `.${ACCOUNT_FILE}.lifeboat-${randomName()}`);
      const fd = createFile(temporary, owner);
      written.push({ path, temporary, fd });
      onTarget(path, () => writeFully(fd, Buffer.from(describe(account, place))));
    }
    await onTargetAsync(records[0]?.place.accountDir ?? '', () => all(written.map(({ fd }) => fsync(fd))));
    for (const { path, temporary } of written) onTarget(path, () => fs.renameSync(temporary, path));
  } catch (error) {
    for (const { temporary } of written) removeAfterFailure(temporary);
    throw error;
  } finally {
    for (const { fd } of written) fs.closeSync(fd);
  }
}

/** Puts the entries of many directories on disk. */
export async function syncDirectories(paths: Iterable<string>): Promise<void> {
  const opened: number[] = [];
  try {
    for (const path of new Set(paths)) opened.push(onTarget(path, () => fs.openSync(path, 'r')));
    await onTargetAsync('its folders', () => all(opened.map((fd) => fsync(fd))));
  } finally {
    for (const fd of opened) fs.closeSync(fd);
  }
}

/** Waits for every one before it fails: no file may be closed under a running call. */
async function all(running: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(running)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function describe(account: ProvisionAccount, place: AccountPlace): string {
  const { id, displayName, status, cos, aliases, signatures } = account;
  const attributes = withoutSecrets(account.attributes);
  const content = {
    format: FORMAT,
    id,
    name: place.address,
    displayName,
    status,
    cos,
    aliases,
    attributes,
    signatures,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
