/** Reads a mailbox back with Python's imaplib: shares no code with the targets. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PASSWORD } from './dovecot';

export interface ReadMessage {
  /** As the server calls it, in modified UTF-7. */
  readonly folder: string;
  readonly flags: readonly string[];
  readonly date: number;
  readonly sha256: string;
  /** Of the content without the fields that a delivery puts before it. */
  readonly delivered: string;
  /** Of the content with LF for every CRLF. */
  readonly crlfless: string;
}

export function readImap(port: number, user: string): { folders: string[]; messages: ReadMessage[] } {
  const args = [join(__dirname, 'read-imap.py'), String(port), user, PASSWORD];
  const { status, stdout, stderr } = spawnSync('python3', args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`reading ${user} failed: ${stderr}`);
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Partial<ReadMessage> & { folder: string });
  return {
    folders: rows.filter((row) => row.sha256 === undefined).map((row) => row.folder),
    messages: rows.filter((row): row is ReadMessage => row.sha256 !== undefined),
  };
}
