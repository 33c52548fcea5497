/** Times as `carbonio backup` prints and takes them: `dd/MM/yyyy HH:mm:ss`, in the time zone of this machine. */
import { InvalidArgumentError } from 'commander';
import { parseMoment } from '../host/local-time';

const pad = (n: number): string => String(n).padStart(2, '0');

export function localTime(epochMs: number): string {
  const d = new Date(epochMs);
  const day = `${pad(d.getDate())}/${pad(d.getMonth() + 1)}/${d.getFullYear()}`;
  return `${day} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

/** Epoch milliseconds; a date alone is its midnight. @throws InvalidArgumentError for what is no such time */
export function parseLocalTime(text: string): number {
  const time = parseMoment(text);
  if (time === null) throw new InvalidArgumentError("It must be a time such as '15/07/2013 10:03:26'.");
  return time;
}

/** Times are printed without their milliseconds: what began within that second had begun by then. */
export function endOfSecond(text: string): number {
  return parseLocalTime(text) + 999;
}
