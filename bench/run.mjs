/**
 * The measurements: `npm run bench [-- --quick] [-- --full] [-- --json] [-- --dir FOLDER] [-- --only PART,…]`, where a part
 * is one of verify, peers, restore, offsite, workflow, mail, mbsync, memory.
 *
 * Everything that is compared is measured in the same run, on the same data, by turns; what counts is ratios. `--quick`
 * takes a small part of the data: to see that all works; the aims are not judged by it. `--full` adds restores of
 * 200,000 items.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { newFolder, remove, seconds } from './common.mjs';
import { makeBlobs, makeStore } from './data.mjs';
import { hasDovecot, startDovecot } from './dovecot.mjs';
import { benchMailServers, benchPlaces, imapUrl, writeSecret } from './mail-servers.mjs';
import { benchMbsync } from './mbsync.mjs';
import { benchOffsite } from './offsite.mjs';
import { benchPeers } from './peers.mjs';
import { benchRestore } from './restore.mjs';
import { report } from './show.mjs';
import { TemporalBench } from './temporal.mjs';
import { benchVerify } from './verify.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
    only: { type: 'string', default: '' },
  },
});

/** Accounts × items. */
const sizes = options.quick
  ? {
      blobs: 3_000,
      verifyRounds: 3,
      copied: [6, 100],
      copyRounds: 2,
      many: [100, 20],
      large: [1, 3_000],
      small: [1, 1_000],
      appended: [4, 500],
      delivered: [4, 150],
      moved: [4, 150],
      warm: [2, 50],
      mailRounds: 1,
      mailMemory: [500, 2_000],
      offsite: [3, 1_000],
      offsiteRounds: 2,
    }
  : {
      blobs: 50_000,
      verifyRounds: 5,
      copied: [10, 1_000],
      copyRounds: 3,
      many: [2_000, 20],
      large: [1, 50_000],
      small: [1, 10_000],
      appended: [4, 6_000],
      delivered: [4, 6_000],
      moved: [4, 6_000],
      warm: [2, 1_000],
      mailRounds: 3,
      mailMemory: options.full ? [10_000, 200_000] : [10_000, 50_000],
      // each blob once: with its metadata, 100,000 files
      offsite: [50, 1_000],
      offsiteRounds: 3,
    };

// with --json only the document goes to stdout
const say = (text) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);

const folder = mkdtempSync(join(options.dir, 'lifeboat-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let temporal = null;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => {
    const stopped = temporal ? temporal.stop() : Promise.resolve();
    void stopped.finally(() => process.exit(code));
  });
}

const results = {
  quick: options.quick,
  cores: availableParallelism(),
  load: loadavg()[0],
  node: process.version,
};

const PARTS = {
  async verify(blobs) {
    say('1. Verify against C …');
    results.verify = await benchVerify(folder, blobs, sizes.verifyRounds);
  },
  async peers(blobs) {
    say('1b. restic and borg, where they are installed …');
    results.peers = await benchPeers(folder, blobs, options.quick ? 1 : 3);
  },
  async restore(blobs) {
    say('2. Restore into Maildir against plain copying …');
    results.restore = await withStore('copied', blobs, sizes.copied, (store) =>
      benchRestore(folder, store, sizes.copyRounds),
    );
  },
  async offsite(blobs) {
    say('6. An offsite copy against plain rsync …');
    results.offsite = await withStore('offsite', blobs, sizes.offsite, (store) =>
      benchOffsite(folder, store, sizes.offsiteRounds),
    );
  },
  async workflow(blobs) {
    say('3. The workflow: time of Temporal, memory of the worker …');
    temporal ??= await TemporalBench.start(folder);
    results.workflow = {};
    const cases = { small: sizes.small, large: sizes.large, many: sizes.many };
    if (options.full) cases.huge = [1, 200_000];
    for (const [name, size] of Object.entries(cases)) {
      results.workflow[name] = await withStore(name, blobs, size, async (store) => ({
        accounts: size[0],
        ...(await temporal.restore(store)),
      }));
    }
  },
  async mail(blobs) {
    say('5. Restore into Dovecot against a bare client …');
    const [appended, delivered] = ['appended', 'delivered'].map((name) => mailStore(name, blobs));
    results.imap = await benchMailServers(folder, appended, ['imap'], sizes.mailRounds);
    results.lmtp = await benchMailServers(folder, delivered, ['lmtp', 'lmtpLookup'], sizes.mailRounds);
    results.places = await benchPlaces(folder, delivered, 'lmtp', sizes.mailRounds);
  },
  async mbsync(blobs) {
    say('5b. Restore into Dovecot against mbsync, where it is installed …');
    if (!hasDovecot()) return;
    results.mbsync = await benchMbsync(folder, mailStore('moved', blobs), sizes.mailRounds);
  },
  async memory(blobs) {
    if (!hasDovecot()) return;
    say('5c. The memory of a worker that restores into Dovecot …');
    temporal ??= await TemporalBench.start(folder);
    results.mailMemory = await mailMemory(blobs);
  },
};

async function measure() {
  const only = options.only === '' ? Object.keys(PARTS) : options.only.split(',');
  const unknown = only.find((name) => !(name in PARTS));
  if (unknown !== undefined)
    throw new Error(`there is no part "${unknown}"; parts: ${Object.keys(PARTS).join(', ')}`);
  say(`Making ${sizes.blobs} messages in ${folder} …`);
  let blobs;
  results.dataSeconds = await seconds(async () => (blobs = await makeBlobs(folder, sizes.blobs)));
  for (const name of only) await PARTS[name](blobs);
}

/** Small messages, so that what is measured is what each item leaves behind. Into an empty Dovecot each time. */
async function mailMemory({ root, blobs }) {
  const small = { root, blobs: blobs.filter(([, size]) => size <= 4_096) };
  const runs = [];
  for (const items of sizes.mailMemory) {
    const server = await startDovecot(newFolder(folder, 'dovecot-memory'));
    try {
      const target = imapUrl(server.imapPort);
      const run = (store) => temporal.restore(store, target, writeSecret(folder));
      const { memory, seconds: wall } = await withStore(`mail-${items}`, small, [1, items], run);
      runs.push({ items, wall, ...memory });
    } finally {
      await server.stop();
    }
  }
  return runs;
}

/** Kept to the end of all (common.mjs, `newFolder`). `warm`: a little to restore before the clock, for other accounts. */
function mailStore(name, blobs) {
  const store = makeStore(folder, name, blobs, ...sizes[name]);
  return { ...store, warm: makeStore(folder, `${name}-warm`, blobs, ...sizes.warm, sizes[name][0]) };
}

async function withStore(name, blobs, [accounts, itemsEach], body) {
  const store = makeStore(folder, name, blobs, accounts, itemsEach);
  try {
    return await body(store);
  } finally {
    remove(store.root);
  }
}

try {
  results.seconds = await seconds(measure);
} finally {
  await temporal?.stop();
}
process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : report(results));
