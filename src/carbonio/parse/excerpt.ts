/** Foreign output, as it may be kept in details and messages. */
import { stripVTControlCharacters } from 'node:util';
import { Problem } from '../../failures';

const LONGEST = 4096;

/** The first 4 KiB. */
export function excerpt(output: string): string {
  return output.length <= LONGEST ? output : `${output.slice(0, LONGEST)}… (${output.length} characters)`;
}

/** On one line, for a message. */
export function oneLine(output: string): string {
  const line = stripVTControlCharacters(output.slice(0, 2_000))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

/** The output without colours, and with plain line ends. */
export const plain = (output: string): string => stripVTControlCharacters(output).replace(/\r\n?/g, '\n');

/** For what no parser understands: never a success, and the output goes along. */
export function unknownOutput(what: string, output: string): Problem {
  return new Problem('UnknownOutput', `${what} was not understood.`, { output: excerpt(output) });
}
