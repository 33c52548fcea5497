/** Moments as people write them. Pure, but for the time zone of this machine. */

const LOCAL = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Epoch milliseconds of `dd/MM/yyyy`, `dd/MM/yyyy HH:mm[:ss]` (as `carbonio backup` takes it, in the time zone of this
 * machine; a date alone is its midnight), or of ISO 8601 with a time zone. Null for what is no such time.
 */
export function parseMoment(text: string): number | null {
  const trimmed = text.trim();
  const iso = ISO.exec(trimmed);
  if (iso) {
    const time = Date.parse(trimmed);
    return Number.isNaN(time) || !isDay(iso.slice(1).map(Number)) ? null : time;
  }
  const match = LOCAL.exec(trimmed);
  if (!match) return null;
  const [day = 0, month = 0, year = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((n) => Number(n ?? 0));
  const date = new Date(year, month - 1, day, hours, minutes, seconds);
  // 31/02 would silently be a day in March
  const isSuch =
    date.getDate() === day &&
    date.getMonth() === month - 1 &&
    date.getHours() === hours &&
    minutes < 60 &&
    seconds < 60;
  return isSuch ? date.getTime() : null;
}

/** Times are written without their milliseconds: what began within that second had begun by then. */
export function endOfMoment(text: string): number | null {
  const start = parseMoment(text);
  return start === null || /\.\d+/.test(text) ? start : start + 999;
}

/** `Date.parse` takes the 31st of February for a day in March. */
const isDay = ([year = 0, month = 0, day = 0]: readonly number[]): boolean =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
