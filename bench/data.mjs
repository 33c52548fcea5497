/**
 * Data to measure on: one set of blobs, made once, and Backup Paths that share it by hard links.
 *
 * Messages of 2 to 60 KB (median about 8 KB) of words, and 0.3 % of 1 to 5 MB with an attachment; as gzip'd as real ones
 * would be, roughly: text of a word list compresses less.
 */
import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { built, inThreads, THREADS } from './common.mjs';

const { BackupPathWriter } = built('backup-path/writer.js');

/** @returns { root, blobs: [digest, size] pairs } */
export async function makeBlobs(folder, count) {
  const root = join(folder, 'blobs');
  createStore(root, 'blobs');
  const shares = Array.from({ length: THREADS }, (_, hand) => ({ root, count, hand, hands: THREADS }));
  const blobs = (await inThreads('data-thread.mjs', shares)).flat();
  return { root, blobs };
}

export const addressOf = (account) => `user${account}@example.com`;

function createStore(root, name) {
  const serverId = `bench-${name}`;
  const options = { serverId, serverName: 'mail.example.com', createdAt: new Date(0), durable: false };
  return BackupPathWriter.create(root, options);
}

/** A Backup Path of `accounts` accounts, numbered from `first`, with `itemsEach` messages. */
export function makeStore(folder, name, { root: blobsRoot, blobs }, accounts, itemsEach, first = 0) {
  const root = join(folder, name);
  const writer = createStore(root, name);
  writer.serverConfig(
    {
      server: { name: 'mail.example.com', attributes: {} },
      global: { attributes: {} },
      domains: [{ id: 'd', name: 'example.com', attributes: {} }],
      coses: [],
      distributionLists: [],
    },
    new Date(0),
  );
  linkBlobs(join(blobsRoot, 'items'), join(root, 'items'));
  /** What to copy where, for the plain copy. */
  const list = [];
  for (let a = first; a < first + accounts; a++) {
    const id = `account-${String(a).padStart(5, '0')}`;
    writer.account(account(id, addressOf(a)));
    for (let i = 0; i < itemsEach; i++) {
      const at = list.length;
      const [digest, size] = blobs[at % blobs.length];
      writer.item(id, 257 + i, [state(at, digest, size)]);
      list.push({ account: a, item: 257 + i, digest });
    }
  }
  return { root, list };
}

function linkBlobs(from, to) {
  for (const folder of readdirSync(from)) {
    mkdirSync(join(to, folder));
    for (const name of readdirSync(join(from, folder)))
      linkSync(join(from, folder, name), join(to, folder, name));
  }
}

const account = (id, name) => ({
  id,
  name,
  status: 'active',
  system: false,
  cos: null,
  aliases: [],
  displayName: null,
  passwordHash: null,
  attributes: {},
  signatures: [],
  dataSources: [],
  shares: [],
  backupEnabled: true,
  createdAt: 0,
  deletedAt: null,
});

const state = (at, digest, size) => ({
  start: 1.6e12 + at * 1000,
  end: null,
  type: 'message',
  deleted: false,
  folder: [2, 5, 3][at % 3],
  name: null,
  flags: at % 4 === 0 ? 'u' : '',
  tags: [],
  date: 1.6e12 + at * 1000,
  size,
  digest,
});
