/** Reads Maildirs by plain file operations: shares no code with the target that is tested. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface ReadMessage {
  readonly folder: string;
  /** Upper-case flags of the file name. */
  readonly flags: string;
  readonly keywords: readonly string[];
  readonly date: number;
  readonly sha256: string;
}

/** Every message of a Maildir, as one line each, sorted: a mailbox that is the same gives the same lines. */
export function readMailbox(maildir: string): string[] {
  const folders = [
    '',
    ...readdirSync(maildir).filter((name) => name.startsWith('.') && existsSync(join(maildir, name, 'cur'))),
  ];
  const lines: string[] = [];
  for (const folder of folders) {
    const keywords = readKeywords(join(maildir, folder));
    for (const part of ['cur', 'new']) {
      for (const name of readdirSync(join(maildir, folder, part))) {
        const path = join(maildir, folder, part, name);
        lines.push(line(folder, part, path, name.split(':2,')[1] ?? '', keywords));
      }
    }
  }
  return lines.sort();
}

function line(
  folder: string,
  part: string,
  path: string,
  info: string,
  keywords: ReadonlyMap<string, string>,
): string {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const flags = info.replace(/[a-z]/g, '');
  const words = [...info.replace(/[A-Z]/g, '')].map((letter) => keywords.get(letter) ?? `?${letter}`).sort();
  return [sha256, folder || 'INBOX', part, flags, words.join('+'), Math.round(statSync(path).mtimeMs)].join(
    ' ',
  );
}

function readKeywords(folder: string): Map<string, string> {
  const path = join(folder, 'dovecot-keywords');
  if (!existsSync(path)) return new Map();
  const entries = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((text) => text.split(' '));
  return new Map(entries.map(([index, word]) => [String.fromCharCode(97 + Number(index)), word ?? '']));
}

/** Files in any `tmp`: what was left half-written. */
export function leftovers(maildir: string): string[] {
  const folders = [
    '',
    ...readdirSync(maildir).filter((name) => name.startsWith('.') && existsSync(join(maildir, name, 'tmp'))),
  ];
  return folders.flatMap((folder) => readdirSync(join(maildir, folder, 'tmp')));
}

/** Messages below a folder, in any mailbox, by their names alone. */
export function countMessages(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/cur\/[^/]+$/.test(path),
  ).length;
}
