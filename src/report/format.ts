/** How numbers, times and foreign text are written in every form of the report. Pure: workflows use it too. */

/** `1234567` as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 item`, `1,234 items`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Bytes in binary units with one decimal: `5.2 MiB`. */
export function byteSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Seconds in words, to the second: `1 minute, 3 seconds`. */
export function durationWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds < 1) return 'less than a second';
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'day'],
    [Math.floor(whole / 3_600) % 24, 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  return parts
    .filter(([n]) => n > 0)
    .map(([n, unit]) => counted(n, unit))
    .join(', ');
}

/** Seconds for tables: `0.4 s`, `1 min 3 s`, `2 h 5 min`. */
export function shortDuration(seconds: number): string {
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** Seconds between two ISO times, never negative (clocks are set back now and then); NaN when unreadable. */
export function secondsBetween(startedAt: string, endedAt: string): number {
  return Math.max(0, (Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
}

/** An ISO time as people read it, to the second: `2026-03-01 10:00:00 UTC`. Unchanged when unreadable. */
export function utcTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * Text of foreign origin on one line: what would break the line, move the cursor or turn the reading
 * direction is written as an escape, so that a name cannot pretend to be a line of the report.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu,
    (c) => SHORT_ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
/**
 * The same JSON, safe to show: of what `printable` escapes, what JSON itself leaves as it is. In JSON such characters
 * stand only in strings.
 */
export function printableJson(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A URL without the password that it may carry, also where a URL is the value of a parameter. */
export function withoutPassword(url: string): string {
  return url
    .replace(/(:\/\/[^:@/?#\s]*):[^/?#\s]*@/g, '$1@')
    .replace(/(%3A%2F%2F(?:(?!%3A|%40).)*)%3A.*?%40/gi, '$1%40')
    .replace(/([?&](?:pass|password|token)=)[^&#]*/gi, '$1***');
}

/** Hands out a label for each account: its name, or `name (id)` when another account has that name. */
export class Labels {
  private readonly taken = new Set<string>();

  label(name: string, id: string): string {
    let label = name;
    // A hostile name may look like the label of another account, hence the loop.
    while (this.taken.has(label)) label = `${label} (${id})`;
    this.taken.add(label);
    return label;
  }
}

/** A word for a shell, in quotes when it needs them. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
