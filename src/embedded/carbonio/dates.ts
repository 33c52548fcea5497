/** Dates as `carbonio` takes and prints them: `dd/MM/yyyy HH:mm:ss`, in the time zone of the server. */

const two = (n: number): string => String(n).padStart(2, '0');

export function formatDate(ms: number): string {
  const d = new Date(ms);
  const day = `${two(d.getDate())}/${two(d.getMonth() + 1)}/${d.getFullYear()}`;
  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** Epoch milliseconds; null for what is no such date. */
export function parseDate(text: string): number | null {
  const match = /^(\d{2})\/(\d{2})\/(\d{4}) (\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (!match) return null;
  const [day, month, year, hour, minute, second] = match.slice(1).map(Number);
  const date = new Date(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return formatDate(date.getTime()) === text ? date.getTime() : null;
}

/** As the end notification tells it: `1 minute, 3 seconds`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(seconds / 3600), 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ] as const;
  const said = parts.filter(([n, unit]) => n > 0 || unit === 'second');
  return said.map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`).join(', ');
}
