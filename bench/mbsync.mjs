/** mbsync (isync) as the peer: it moves messages from one Dovecot into another, the restore brings the same. By turns. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { appendByImap } from './bare-clients.mjs';
import { median, newFolder, seconds, settle } from './common.mjs';
import { PASSWORD, startDovecot } from './dovecot.mjs';
import { contents, everyAccount, inLanes, openMailboxes, restoreInto } from './mail-servers.mjs';

/** mbsync runs for as many accounts at once as the restore has lanes, with its own defaults for all else. */
export async function benchMbsync(folder, store, rounds) {
  if (spawnSync('mbsync', ['--version']).error) return { skipped: 'mbsync (Debian: apt-get install isync)' };
  const [accounts, warm] = [contents(store), contents(store.warm)];
  const items = store.list.length;
  const from = await startDovecot(newFolder(folder, 'dovecot-from'));
  const times = { mbsync: [], ours: [] };
  try {
    await openMailboxes(from, store);
    await everyAccount(accounts, (user, messages) => appendByImap(from.imapPort, user, PASSWORD, messages));
    for (let round = 0; round < rounds; round++) {
      times.ours.push((await restoreInto(folder, store)).wall);
      times.mbsync.push(await onePass(folder, store, accounts, warm, from));
    }
  } finally {
    await from.stop();
  }
  return {
    items,
    perSecond: items / median(times.mbsync),
    ours: items / median(times.ours),
    times: median(times.mbsync) / median(times.ours),
    runs: times,
  };
}

async function onePass(folder, store, accounts, warm, from) {
  const to = await startDovecot(newFolder(folder, 'dovecot-to'));
  const state = newFolder(folder, 'mbsync-state');
  try {
    await openMailboxes(to, store);
    // as the server of the restore has had
    await everyAccount(warm, (user, messages) => appendByImap(to.imapPort, user, PASSWORD, messages));
    const config = join(folder, 'mbsyncrc');
    writeFileSync(
      config,
      [...accounts.keys()].map((user, at) => channel(user, at, from, to, state)).join('\n'),
    );
    settle();
    return await seconds(() => inLanes(accounts.keys(), (user) => sync(config, `c-${user}`)));
  } finally {
    await to.stop();
  }
}

function sync(config, name) {
  return new Promise((resolve, reject) => {
    const child = spawn('mbsync', ['-c', config, name], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => (said = (said + data).slice(-500)));
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`mbsync ended with ${status}: ${said}`)),
    );
  });
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
Channel c-${user}
Far :from${at}:INBOX
Near :to${at}:INBOX
Sync Pull
SyncState ${state}/s${at}-
`;
}
