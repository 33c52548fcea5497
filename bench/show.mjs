/** The results as text, each beside what is aimed at. */
const number = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
const percent = (value) => `${(value * 100).toFixed(2)} %`;
const megabytes = (bytes) => `${number(bytes / 1e6)} MB`;
let judged = true;
const verdict = (holds) => {
  if (!judged) return 'not judged';
  return holds ? 'holds' : 'DOES NOT HOLD';
};

const AIMS = { verify: 0.9, share: 0.02, memory: 400e6, bare: 0.9, mbsync: 2, growth: 1.1 };
const CASES = { small: 'one account', large: 'one account', many: 'many accounts', huge: 'one account' };

function verifyLines({ files, megabytes: size, rounds, ours, c, ratio, skipped }) {
  const line = (name, { median, best, cpu }) =>
    `   ${name} ${best.toFixed(2)} s (median ${median.toFixed(2)} s), ${number(files / best)} blobs/s, ${number(size / best)} raw MB/s, processor ${cpu.toFixed(2)} s`;
  return [
    `1. Verify: read, gunzip, SHA-256, compare with the name (${number(files)} blobs, ${number(size)} MB raw, 2 threads, best of ${rounds})`,
    line('Lifeboat:', ours),
    ...(skipped
      ? [`   C + zlib: skipped, there is no ${skipped}`]
      : [
          line('C + zlib:', c),
          `   of the C program's speed: ${ratio.best.toFixed(2)} by the best, ${ratio.median.toFixed(2)} by the median, ${ratio.cpu.toFixed(2)} by processor time (aim: at least ${AIMS.verify} by the best): ${verdict(ratio.best >= AIMS.verify)}`,
        ]),
  ];
}

function peerLines(peers, { best: ours }) {
  const lines = peers.map(({ name, best, skipped }) =>
    skipped
      ? `   ${name}: skipped, there is no ${skipped}`
      : `   ${name}: ${best.toFixed(2)} s; Lifeboat takes ${(ours / best).toFixed(2)} times as long, for gunzip and digest of each message too`,
  );
  return ["1b. The checks of other stores over the same gzip'd files (best)", ...lines];
}

function restoreLines({ items, restore, copy, copyFsync, ratio, ratioFsync }) {
  return [
    `2. Restore into Maildir (${number(items)} items, 2 lanes, exactly once, every file on disk; median)`,
    `   restore:                  ${number(restore)} items/s`,
    `   plain copy with fsync:    ${number(copyFsync)} items/s; the restore is ${ratioFsync.toFixed(2)} times as fast`,
    `   plain copy without fsync: ${number(copy)} items/s; the restore is ${ratio.toFixed(2)} times as fast`,
  ];
}

function shareLine(name, run) {
  const { accounts, items, seconds, steps, events, temporalShare, longestPause, cpu } = run;
  const each = `${number(accounts)} × ${number(items / accounts)} items`;
  return [
    `   ${CASES[name]}, ${each}: ${percent(temporalShare)} of ${seconds.toFixed(1)} s (aim: under 2 %): ${verdict(temporalShare < AIMS.share)}`,
    `      ${steps} steps, ${events} events, longest pause ${number(longestPause * 1000)} ms, ${number(items / seconds)} items/s; the server took ${cpu.server.toFixed(1)} s of processor, the worker ${cpu.worker.toFixed(1)} s (${percent(cpu.serverShare)} the server)`,
  ];
}

function memoryLine(name, { items, memory }) {
  const { peak, anonymous } = memory;
  return `   ${number(items)} items, ${CASES[name]}: ${megabytes(peak)} at most, of these ${megabytes(anonymous)} its own (aim: under 400 MB): ${verdict(peak < AIMS.memory)}`;
}

/** Milliseconds of processor for a message. */
const cpu = ({ clientMs, serverMs }) => `${clientMs.toFixed(2)} + ${serverMs.toFixed(2)}`;

const rounds = ({ ratio, ratios }) =>
  `ratio ${ratio.toFixed(2)} (by rounds ${ratios.map((value) => value.toFixed(2)).join(', ')})`;

const againstPlain = (ours, plain) =>
  `${number(ours.perSecond)} items/s; a bare client, one message a command, ${number(plain.perSecond)}; ${rounds(plain)}; aim: at least ${AIMS.bare}: ${verdict(plain.ratio >= AIMS.bare)}`;

const PLACES = {
  session: 'the server in a session of its own, on the same cores',
  apart: 'the server on a core of its own, the client on the others',
};

const placeLines = (places) =>
  Object.entries(places)
    .filter(([, { skipped }]) => !skipped)
    .flatMap(([place, { lmtp }]) => [
      `   ${PLACES[place]}: ${againstPlain(lmtp.ours, lmtp.plain)}`,
      `      processor time of client + server, ms a message: ${cpu(lmtp.ours)}; with the bare client ${cpu(lmtp.plain)}`,
    ]);

function serverLines(name, { skipped, items, connections, ...kinds }) {
  const title = `5. Restore into a mail server (Dovecot), ${name}`;
  if (skipped) return [`${title}: skipped, there is no ${skipped}`];
  const line = ({ ours, plain, same }) => [
    `   ${againstPlain(ours, plain)}`,
    `      a bare client by the commands of the restore ${number(same.perSecond)}; ${rounds(same)}`,
    `      processor time of client + server, ms a message: ${cpu(ours)}; with these bare clients ${cpu(plain)}, ${cpu(same)}`,
  ];
  return [
    `${title}, ${number(items)} items, ${connections} connections in all, median by turns`,
    ...Object.entries(kinds).flatMap(([kind, result]) =>
      result.plain
        ? line(result)
        : [`   ${kind}, everything read back by IMAP: ${number(result.ours.perSecond)} items/s`],
    ),
  ];
}

function mbsyncLines({ skipped, items, perSecond, ours, times }) {
  if (skipped) return [`5b. mbsync: skipped, there is no ${skipped}`];
  return [
    `5b. mbsync, from Dovecot to Dovecot, two accounts at once (${number(items)} items, median by turns): ${number(perSecond)} items/s; the restore by IMAP of the same ${number(ours)}, ${times.toFixed(1)} times as fast (aim: ${AIMS.mbsync}): ${verdict(times >= AIMS.mbsync)}`,
  ];
}

function mailMemoryLines([small, large]) {
  const growth = (name) => large[name] / small[name];
  const each = ({ items, anonymous, peak }) =>
    `${megabytes(peak)} at most (${megabytes(anonymous)} its own) for ${number(items)} items`;
  return [
    `5c. Memory of the worker, into Dovecot by IMAP, small messages: ${each(small)}, ${each(large)}: ${growth('peak').toFixed(2)} times, its own ${growth('anonymous').toFixed(2)} times (aim: at most ${AIMS.growth}): ${verdict(growth('anonymous') <= AIMS.growth)}`,
  ];
}

const OFFSITE_CASES = {
  first: { name: 'first copy', aim: 1.1 },
  same: { name: 'nothing changed', aim: 1.5 },
  changed: { name: '1 % new and 1 % gone', aim: null },
  deleted: { name: 'the same with deletions', aim: null },
};

function offsiteLines({ files, rounds, cases, skipped }) {
  if (skipped) return [`6. Offsite copy: skipped, there is no ${skipped}`];
  const lines = cases.map(({ what, rsync, lifeboat, rclone, ratio, bestRatio, cpuRatio, rcloneRatio }) => {
    const { name, aim } = OFFSITE_CASES[what];
    const peer =
      rclone === undefined ? '' : `, rclone ${rclone.toFixed(2)} s (${rcloneRatio.toFixed(2)} times)`;
    const judged = aim === null ? '' : ` (aim: at most ${aim}): ${verdict(ratio <= aim)}`;
    return `   ${name}: Lifeboat ${lifeboat.toFixed(2)} s, rsync -a ${rsync.toFixed(2)} s${peer}; ${ratio.toFixed(2)} times rsync, by the best ${bestRatio.toFixed(2)}, by processor time ${cpuRatio.toFixed(2)}${judged}`;
  });
  const peer =
    cases[0].rclone === undefined
      ? ['   rclone: skipped, it is not installed (Debian: apt-get install rclone)']
      : [];
  return [
    `6. Offsite copy to a folder (${number(files)} files, median of ${rounds} by turns)`,
    ...lines,
    ...peer,
  ];
}

export function report(results) {
  const { verify, peers, restore, workflow, quick, cores, load, node, seconds, dataSeconds } = results;
  judged = !quick;
  const runs = Object.entries(workflow ?? {});
  const part = (result, lines) => (result === undefined ? [] : lines(result));
  return `${[
    '',
    `Lifeboat's measurements: ${cores} cores, Node ${node}, load ${load.toFixed(1)} before, ${number(seconds)} s in all (${number(dataSeconds)} s to make the data)`,
    ...(quick
      ? ['A quick run: too little data to judge the aims by; the share of Temporal looks larger than it is.']
      : []),
    ...part(verify, verifyLines),
    ...part(verify && peers, () => peerLines(peers, verify.ours)),
    ...part(restore, restoreLines),
    ...part(workflow, () => [
      '3. Temporal: part of the time of the workflow in which no step was running (by a worker that runs already: its start and the loading of the workflows are left out)',
      ...runs.filter(([name]) => name !== 'small').flatMap(([name, run]) => shareLine(name, run)),
      '4. Memory of the worker process, whole (its peak RSS, mapped files included)',
      ...runs.map(([name, run]) => memoryLine(name, run)),
    ]),
    ...part(results.imap, (result) => serverLines('by IMAP', result)),
    ...part(results.lmtp, (result) => serverLines('by LMTP', result)),
    ...part(results.places, placeLines),
    ...part(results.mbsync, mbsyncLines),
    ...part(results.mailMemory, mailMemoryLines),
    ...part(results.offsite, offsiteLines),
  ].join('\n')}\n`;
}
