/** 5. Restore into a mail server against a bare client, and against mbsync (mbsync.mjs). */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import {
  appendByImap,
  appendPlainly,
  deliverPipelined,
  deliverPlainly,
  openMailbox,
} from './bare-clients.mjs';
import { built, cores, deal, keepTo, median, newFolder, seconds, settle, THREADS } from './common.mjs';
import { addressOf } from './data.mjs';
import { hasDovecot, PASSWORD, startDovecot } from './dovecot.mjs';
import { restoreDirectly } from './restore.mjs';

const { blobPath } = built('backup-path/layout.js');

/** For one account; THREADS accounts are at work at once. */
export const CONNECTIONS = 2;
const SECRET = 'bench';
const CLOCK_TICKS = 100;

/** `plain` is the bare client of the aim, `same` one that sends the product's own commands. */
const KINDS = {
  imap: {
    url: ({ imapPort }) => imapUrl(imapPort),
    plain: ({ imapPort }, user, messages) => appendPlainly(imapPort, user, PASSWORD, messages),
    same: ({ imapPort }, user, messages) => appendByImap(imapPort, user, PASSWORD, messages),
  },
  lmtp: {
    url: ({ lmtpPort }) => `lmtp://127.0.0.1:${lmtpPort}/?connections=${CONNECTIONS}`,
    plain: ({ lmtpPort }, user, messages) => deliverPlainly(lmtpPort, user, messages),
    same: ({ lmtpPort }, user, messages) => deliverPipelined(lmtpPort, user, messages),
  },
  lmtpLookup: {
    url: ({ lmtpPort, imapPort }) =>
      `lmtp://127.0.0.1:${lmtpPort}/?connections=${CONNECTIONS}&lookup=${imapUrl(imapPort)}`,
  },
};

/**
 * Who shares the cores with whom decides most on a machine with few: the kernel weighs what is in one session (or control
 * group) against each other, and sessions as a whole. `apart`: one core is the server's, the others the client's.
 */
export async function benchPlaces(folder, store, kind, rounds) {
  const [core, ...others] = cores();
  const session = await benchMailServers(folder, store, [kind], rounds, { session: true });
  if (others.length === 0) return { session };
  keepTo(others);
  try {
    return { session, apart: await benchMailServers(folder, store, [kind], rounds, { core }) };
  } finally {
    keepTo([core, ...others]);
  }
}

/**
 * By turns, each into empty mailboxes.
 * @param kinds of {@link KINDS}
 * @param place of the server, as for `startDovecot`; when it is given, only the plain client is measured beside ours
 */
export async function benchMailServers(folder, store, kinds, rounds, place) {
  if (!hasDovecot()) return { skipped: 'Dovecot (Debian: apt-get install dovecot-imapd dovecot-lmtpd)' };
  const [accounts, warm] = [contents(store), contents(store.warm)];
  const results = { items: store.list.length, connections: CONNECTIONS * THREADS };
  for (const kind of kinds) {
    const { url, plain, ...more } = KINDS[kind];
    const bare = { ...(plain && { plain }), ...(place === undefined && more) };
    const runs = { ours: [], plain: [], same: [] };
    for (let round = 0; round < rounds; round++) {
      runs.ours.push(await restoreInto(folder, store, url, place));
      for (const [name, send] of Object.entries(bare)) {
        const to = (list) => (server) => everyAccount(list, (user, messages) => send(server, user, messages));
        runs[name].push(await inDovecot(folder, store, to(accounts), to(warm), place));
      }
    }
    results[kind] = compared(store.list.length, runs);
  }
  return results;
}

/** One restore into a new Dovecot, by threads and a server that have had a little before, as with every other client. @returns as `inDovecot` */
export function restoreInto(folder, store, url = KINDS.imap.url, place = {}) {
  const secrets = writeSecret(folder);
  const restore = async (what, server) => {
    const { restored } = await restoreDirectly(
      what.root,
      newFolder(folder, 'out-mail'),
      url(server),
      secrets,
    );
    if (restored !== what.list.length) throw new Error(`only ${restored} items were restored`);
  };
  return inDovecot(
    folder,
    store,
    (server) => restore(store, server),
    (server) => restore(store.warm, server),
    place,
  );
}

/** @returns { wall, client, server, load }: seconds, and processor seconds of both sides */
async function inDovecot(folder, store, body, warmUp, place) {
  const server = await startDovecot(newFolder(folder, 'dovecot'), place);
  try {
    await openMailboxes(server, store);
    settle();
    await warmUp(server);
    const before = { server: cpuOfTree(server.pid), client: process.cpuUsage() };
    const wall = await seconds(() => body(server));
    const { user, system } = process.cpuUsage(before.client);
    return {
      wall,
      client: (user + system) / 1e6,
      server: cpuOfTree(server.pid) - before.server,
      load: loadavg()[0],
    };
  } finally {
    await server.stop();
  }
}

/**
 * Before the clock: two sessions that are the first of a new user make a Dovecot 2.3 fall now and then (it locks its list
 * of mailboxes from both, and panics at EDEADLK), which the other end sees as ECONNRESET.
 */
export async function openMailboxes({ imapPort }, { list, warm }) {
  const users = new Set([...list, ...warm.list].map(({ account }) => addressOf(account)));
  for (const user of users) await openMailbox(imapPort, user, PASSWORD);
}

/** Processor seconds of a process and its descendants, those that ended included. */
function cpuOfTree(root) {
  const rows = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
      rows.set(Number(pid), { parent: Number(fields[1]), ticks });
    } catch {
      continue; // it has ended meanwhile
    }
  }
  const isBelow = (pid) => pid === root || (rows.has(pid) && isBelow(rows.get(pid).parent));
  let sum = 0;
  for (const [pid, { ticks }] of rows) if (isBelow(pid)) sum += ticks;
  return sum / CLOCK_TICKS;
}

function compared(items, { ours, plain, same }) {
  const side = (runs) => {
    const of = (name) => median(runs.map((run) => run[name]));
    const perMessage = (name) => (of(name) / items) * 1e3;
    return {
      perSecond: items / of('wall'),
      clientMs: perMessage('client'),
      serverMs: perMessage('server'),
      runs,
    };
  };
  const against = (runs) => {
    const ratios = ours.map(({ wall }, at) => runs[at].wall / wall);
    return { ...side(runs), ratio: median(ratios), ratios };
  };
  return {
    ours: side(ours),
    ...(plain.length > 0 && { plain: against(plain) }),
    ...(same.length > 0 && { same: against(same) }),
  };
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
    const address = addressOf(account);
    const messages = accounts.get(address) ?? [];
    accounts.set(address, messages);
    messages.push(gunzipSync(readFileSync(join(root, blobPath(digest)))));
  }
  return accounts;
}

/** As many accounts at once, and connections each, as the restore has. */
export async function everyAccount(accounts, send) {
  await inLanes(accounts, async ([user, messages]) => {
    const hands = deal(messages, CONNECTIONS).filter((hand) => hand.length > 0);
    await Promise.all(hands.map((hand) => send(user, hand)));
  });
}

/** THREADS at once. */
export async function inLanes(all, body) {
  const left = [...all];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) await body(next);
  };
  await Promise.all(Array.from({ length: THREADS }, lane));
}
