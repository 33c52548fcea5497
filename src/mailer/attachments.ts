/** Files that go with a mail, as far as they are there and small enough. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { byteSize, printable } from '../report/format';
import { messageOf } from './message';

/** All files of one mail together, bytes: more is refused by many servers once it is encoded. */
export const ATTACHMENT_LIMIT = 5 * 1024 * 1024;

export interface Attachments {
  readonly files: readonly { readonly filename: string; readonly content: Buffer }[];
  /** A sentence for each file that is left out, for the text of the mail. */
  readonly leftOut: readonly string[];
}

/** Reads the files. One that is missing or too large never keeps the mail from being sent. */
export async function readAttachments(paths: readonly string[]): Promise<Attachments> {
  const files: { filename: string; content: Buffer }[] = [];
  const leftOut: string[] = [];
  let room = ATTACHMENT_LIMIT;
  for (const file of paths) {
    try {
      const content = await readUpTo(file, room);
      if (typeof content === 'number') {
        leftOut.push(`${printable(file)} (${byteSize(content)}) is too large to go with this mail.`);
        continue;
      }
      room -= content.length;
      files.push({ filename: path.basename(file), content });
    } catch (error) {
      leftOut.push(`${printable(file)} is not attached: ${printable(messageOf(error))}.`);
    }
  }
  return { files, leftOut };
}

/** The bytes of a file, or its size when that is over the limit. */
async function readUpTo(file: string, limit: number): Promise<Buffer | number> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return size > limit ? size : await handle.readFile();
  } finally {
    await handle.close();
  }
}
