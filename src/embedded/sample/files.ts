/** Files as people attach them: small ones that viewers open, of any size asked for. */
import { deflateSync } from 'node:zlib';
import type { Random } from './random';

export interface Attached {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

const NAMES = [
  'Offer',
  'Plan',
  'Report',
  'Contract',
  'Übersicht',
  'Rechnung',
  '議事録',
  'Κατάλογος',
  'Devis',
];

/** An attachment of about `size` bytes. */
export function attachment(random: Random, size: number): Attached {
  const stem = `${random.pick(NAMES)} ${random.int(1, 400)}`;
  if (random.chance(0.65))
    return { name: `${stem}.pdf`, type: 'application/pdf', content: pdf(random, size) };
  return { name: `${stem}.png`, type: 'image/png', content: png(random, size) };
}

/** One page that says its number, and a stream of random bytes as an image would be, for the size. */
export function pdf(random: Random, size: number): Buffer {
  const page = `BT /F1 24 Tf 72 720 Td (Document ${random.int(1000, 9999)}) Tj ET`;
  const objects: Buffer[] = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>'),
    Buffer.from(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    ),
    stream(Buffer.from(page)),
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'),
    stream(random.bytes(Math.max(16, size - 900))),
  ];
  const parts = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  objects.forEach((object, i) => {
    offsets.push(at);
    const whole = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    parts.push(whole);
    at += whole.length;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const count = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

function stream(content: Buffer): Buffer {
  const head = Buffer.from(`<< /Length ${content.length} >>\nstream\n`);
  return Buffer.concat([head, content, Buffer.from('\nendstream')]);
}

/** A grey picture of noise, whose size is its number of pixels. */
export function png(random: Random, size: number): Buffer {
  const width = Math.max(8, Math.floor(Math.sqrt(size)));
  const rows = random.bytes((width + 1) * width);
  // the first byte of every row names its filter: none
  for (let row = 0; row < width; row++) rows[row * (width + 1)] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(width, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const framed = Buffer.concat([Buffer.alloc(4), Buffer.from(type), content, Buffer.alloc(4)]);
  framed.writeUInt32BE(content.length, 0);
  framed.writeUInt32BE(crc32(framed.subarray(4, framed.length - 4)), framed.length - 4);
  return framed;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
