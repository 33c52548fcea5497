/** 5. Restore into a mail server against a bare client, and mbsync as the peer. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { appendByImap, deliverByLmtp } from './bare-clients.mjs';
import { built, deal, median, remove, seconds, settle, THREADS } from './common.mjs';
import { hasDovecot, PASSWORD, startDovecot } from './dovecot.mjs';
import { restoreDirectly } from './restore.mjs';

const { blobPath } = built('backup-path/layout.js');

/** For one account; THREADS accounts are at work at once. */
const CONNECTIONS = 2;
const SECRET = 'bench';

/** In rounds, each into empty mailboxes. */
export async function benchMailServers(folder, store, rounds) {
  if (!hasDovecot()) return { skipped: 'Dovecot (Debian: apt-get install dovecot-imapd dovecot-lmtpd)' };
  const secretsDir = writeSecret(folder);
  const accounts = contents(store);
  const inDovecot = async (body) => {
    const server = await startDovecot(join(folder, 'dovecot'));
    try {
      settle();
      return await body(server);
    } finally {
      await server.stop();
    }
  };
  const restored = (url) =>
    inDovecot(async (server) => {
      const to = join(folder, 'out-mail');
      remove(to);
      mkdirSync(to);
      try {
        return await seconds(async () => {
          const { restored: count } = await restoreDirectly(store.root, to, url(server), secretsDir);
          if (count !== store.list.length) throw new Error(`only ${count} items were restored`);
        });
      } finally {
        remove(to);
      }
    });
  const bare = (send) =>
    inDovecot((server) =>
      seconds(() => everyAccount(accounts, (user, messages) => send(server, user, messages))),
    );
  const kinds = {
    imap: [
      ({ imapPort }) => imapUrl(imapPort),
      ({ imapPort }, user, messages) => appendByImap(imapPort, user, PASSWORD, messages),
    ],
    lmtp: [
      ({ lmtpPort }) => `lmtp://127.0.0.1:${lmtpPort}/?connections=${CONNECTIONS}`,
      ({ lmtpPort }, user, messages) => deliverByLmtp(lmtpPort, user, messages),
    ],
    lmtpLookup: [
      ({ lmtpPort, imapPort }) =>
        `lmtp://127.0.0.1:${lmtpPort}/?connections=${CONNECTIONS}&lookup=${imapUrl(imapPort)}`,
      null,
    ],
  };
  const items = store.list.length;
  const results = { items, connections: CONNECTIONS * THREADS };
  for (const [name, [url, send]] of Object.entries(kinds)) {
    const times = { ours: [], bare: [] };
    for (let round = 0; round < rounds; round++) {
      times.ours.push(await restored(url));
      if (send) times.bare.push(await bare(send));
    }
    results[name] = { ours: items / median(times.ours) };
    if (send) {
      results[name].bare = items / median(times.bare);
      results[name].ratio = median(times.bare) / median(times.ours);
    }
  }
  results.mbsync = await benchMbsync(folder, accounts, items);
  return results;
}

export const imapUrl = (port) =>
  `imap://127.0.0.1:${port}/?secret=${SECRET}&connections=${CONNECTIONS}&settle=1`;

export function writeSecret(folder) {
  const secretsDir = join(folder, 'secrets');
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(secretsDir, SECRET), PASSWORD, { mode: 0o600 });
  return secretsDir;
}

/** By address: the messages, in memory. */
export function contents({ root, list }) {
  const accounts = new Map();
  for (const { account, digest } of list) {
    const address = `user${account}@example.com`;
    const messages = accounts.get(address) ?? [];
    accounts.set(address, messages);
    messages.push(gunzipSync(readFileSync(join(root, blobPath(digest)))));
  }
  return accounts;
}

/** As many accounts at once, and connections each, as the restore has. */
export async function everyAccount(accounts, send) {
  const left = [...accounts];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [user, messages] = next;
      const hands = deal(messages, CONNECTIONS).filter((hand) => hand.length > 0);
      await Promise.all(hands.map((hand) => send(user, hand)));
    }
  };
  await Promise.all(Array.from({ length: THREADS }, lane));
}

/** From one Dovecot into another; it works on one account after the other. */
async function benchMbsync(folder, accounts, items) {
  if (spawnSync('mbsync', ['--version']).error) return { skipped: 'mbsync (Debian: apt-get install isync)' };
  const from = await startDovecot(join(folder, 'dovecot-from'));
  let to;
  try {
    to = await startDovecot(join(folder, 'dovecot-to'));
    await everyAccount(accounts, (user, messages) => appendByImap(from.imapPort, user, PASSWORD, messages));
    const state = join(folder, 'mbsync-state');
    mkdirSync(state);
    const config = join(folder, 'mbsyncrc');
    writeFileSync(
      config,
      [...accounts.keys()].map((user, at) => channel(user, at, from, to, state)).join('\n'),
    );
    settle();
    const time = await seconds(async () => {
      const { status, stderr } = spawnSync('mbsync', ['-c', config, '-a'], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`mbsync ended with ${status}: ${stderr.slice(-500)}`);
    });
    remove(state);
    return { perSecond: items / time };
  } finally {
    await from.stop();
    await to?.stop();
  }
}

function channel(user, at, from, to, state) {
  const store = (name, port) => `IMAPAccount ${name}${at}
Host 127.0.0.1
Port ${port}
User ${user}
Pass ${PASSWORD}
SSLType None
AuthMechs LOGIN

IMAPStore ${name}${at}
Account ${name}${at}
`;
  return `${store('from', from.imapPort)}
${store('to', to.imapPort)}
Channel c${at}
Far :from${at}:INBOX
Near :to${at}:INBOX
Sync Pull
SyncState ${state}/s${at}-
`;
}
