/** Makes a share of the blobs. */
import { parentPort, workerData } from 'node:worker_threads';

import { built } from './common.mjs';

const { BackupPathWriter } = built('backup-path/writer.js');
const { root, count, hand, hands } = workerData;

/** The same data in every run: figures of different runs can then be compared. */
let seed = 0x9e3779b9 ^ (hand + 1);
function random() {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
}
const between = (low, high) => low + Math.floor(random() * (high - low));

const letters = 'etaoinshrdlucmfwypvbgkqjxz';
const words = Array.from({ length: 6000 }, () =>
  Array.from({ length: between(2, 11) }, () => letters[Math.floor(26 * random() ** 2)]).join(''),
);

function textPool(bytes) {
  const lines = [];
  for (let size = 0; size < bytes;) {
    let line = '';
    while (line.length < 64) line += `${words[Math.floor(words.length * random() ** 2)]} `;
    lines.push(line);
    size += line.length + 2;
  }
  return Buffer.from(lines.join('\r\n'));
}

const POOL = 8 << 20;
const text = textPool(POOL);
const noise = Buffer.alloc(6 << 20);
for (let at = 0; at < noise.length; at++) noise[at] = random() * 256;
const attachment = Buffer.from(noise.toString('base64').replace(/.{76}/g, '$&\r\n'));

function slice(pool, size) {
  const from = between(0, pool.length - size);
  return pool.subarray(from, from + size);
}

function message(at) {
  const head = Buffer.from(
    `From: Jane <jane@example.com>\r\nTo: jack@example.com\r\nSubject: Message ${at}\r\n` +
      `Message-ID: <${at}.bench@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n`,
  );
  const large = at % 333 === 332;
  // log-normal around 8 KB, as mail is
  const gauss = random() + random() + random() + random() - 2;
  const size = Math.min(60_000, Math.max(2000, Math.round(8000 * Math.exp(gauss * 1.4))));
  const parts = [head, slice(text, size)];
  if (large) parts.push(slice(attachment, between(1 << 20, 5 << 20)));
  return Buffer.concat(parts);
}

const writer = BackupPathWriter.open(root, false);
const made = [];
for (let at = hand; at < count; at += hands) {
  const content = message(at);
  made.push([writer.blob(content), content.length]);
}
parentPort.postMessage(made);
