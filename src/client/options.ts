/** Readers of option values. What they refuse, commander reports with the name of the option. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { endOfMoment, parseMoment } from '../host/local-time';

/**
 * `a,b`. May be given more than once. An empty list is refused: it would mean "all", and come from an empty shell
 * variable most of the time.
 */
export function list(value: string, before?: readonly string[]): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('A name between the commas is empty.');
  return [...(before ?? []), ...names];
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

export function port(value: string): number {
  const number = wholeNumber(value);
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('It must be a port, 1 to 65535.');
  return number;
}

export function folder(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must name a folder.');
  return resolve(value);
}

export function stateDirOption(): Option {
  return new Option(
    '--state-dir <dir>',
    'folder of the ledger, the reports and the embedded server (default: LIFEBOAT_STATE_DIR)',
  ).argParser(folder);
}

/** A moment in a form that means the same on every machine: its beginning, or its end. Words stay words. */
const momentBy =
  (parse: (text: string) => number | null) =>
  (value: string): string => {
    if (value === 'first' || value === 'last') return value;
    const time = parse(value);
    if (time === null) throw new InvalidArgumentError("It must be a time such as '24/12/2025 12:00:00'.");
    return new Date(time).toISOString();
  };
export const sinceThen = momentBy(parseMoment);
export const untilThen = momentBy(endOfMoment);
