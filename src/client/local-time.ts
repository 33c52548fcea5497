/** Times as `carbonio backup` prints and takes them: `dd/MM/yyyy HH:mm:ss`, in the time zone of this machine. */
import { InvalidArgumentError } from 'commander';

const pad = (n: number): string => String(n).padStart(2, '0');

export function localTime(epochMs: number): string {
  const d = new Date(epochMs);
  const day = `${pad(d.getDate())}/${pad(d.getMonth() + 1)}/${d.getFullYear()}`;
  return `${day} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

const FORM = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** Epoch milliseconds; a date alone is its midnight. @throws InvalidArgumentError for what is no such time */
export function parseLocalTime(text: string): number {
  const match = FORM.exec(text.trim());
  if (match) {
    const [day = 0, month = 0, year = 0, hours = 0, minutes = 0, seconds = 0] = match
      .slice(1)
      .map((n) => Number(n ?? 0));
    const date = new Date(year, month - 1, day, hours, minutes, seconds);
    // 31/02 would silently be a day in March
    if (
      date.getDate() === day &&
      date.getMonth() === month - 1 &&
      date.getHours() === hours &&
      minutes < 60 &&
      seconds < 60
    )
      return date.getTime();
  }
  throw new InvalidArgumentError("It must be a time such as '15/07/2013 10:03:26'.");
}

/** Times are printed without their milliseconds: what began within that second had begun by then. */
export function endOfSecond(text: string): number {
  return parseLocalTime(text) + 999;
}
