/** Where a command writes: results to standard output, everything else to standard error. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { printable, printableJson } from '../report/format';

/** A line for people. Control characters, which names and messages may carry, are shown as escapes. */
export function say(line: string): void {
  process.stderr.write(`${line.split('\n').map(printable).join('\n')}\n`);
}

/** A part of the result. */
export function print(text: string): void {
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

/** The result as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** The result from a file, which may be longer than memory. @throws the error of the file system */
export async function printFile(path: string): Promise<void> {
  const content = createReadStream(path, { encoding: 'utf8' });
  if (!path.endsWith('.json')) return pipeline(content, process.stdout, { end: false });
  await pipeline(
    content,
    async function* (chunks: AsyncIterable<string>) {
      for await (const chunk of chunks) yield printableJson(chunk);
    },
    process.stdout,
    { end: false },
  );
}
