/** The progress of an operation, as `monitor` and `--progress` print it: blocks that begin with a line ` --`. */
import { plain, unknownOutput } from './excerpt';

/** Numbers that are joined by `/` (done and total where there are two), or the text as it is. */
export type ProgressBlock = Readonly<Record<string, readonly (number | string)[]>>;

const SEPARATOR = /^\s*--\s*$/;

/** Whether a whole block is there: another one has begun after it. */
export function hasWholeBlock(output: string): boolean {
  const lines = plain(output).split('\n').slice(0, -1);
  const first = lines.findIndex((line) => SEPARATOR.test(line));
  const content = lines.findIndex((line, i) => i > first && readLine(line) !== undefined);
  return first >= 0 && content > first && lines.some((line, i) => i > content && SEPARATOR.test(line));
}

/**
 * The last block that has lines. The labels are those of SmartScan and others; of an External Restore they are not
 * documented, so they are not looked at here.
 * @throws Problem `UnknownOutput` when there is none
 */
export function lastBlock(output: string): ProgressBlock {
  const blocks: [string, (number | string)[]][][] = [[]];
  for (const line of plain(output).split('\n')) {
    if (SEPARATOR.test(line)) blocks.push([]);
    const read = readLine(line);
    if (read) blocks.at(-1)?.push(read);
  }
  // without any separator it is not such output
  const last = blocks.slice(1).findLast((block) => block.length > 0);
  if (last === undefined) throw unknownOutput('The progress of the operation', output);
  return Object.fromEntries(last);
}

function readLine(line: string): [string, (number | string)[]] | undefined {
  const colon = line.indexOf(':');
  if (colon < 1) return undefined;
  const label = line.slice(0, colon).trim();
  const value = line.slice(colon + 1).trim();
  if (label === '' || value === '') return undefined;
  const numeric = /^\d+(?:\.\d+)?(?:\/\d+(?:\.\d+)?)*$/.test(value);
  return [label, numeric ? value.split('/').map(Number) : [value]];
}
