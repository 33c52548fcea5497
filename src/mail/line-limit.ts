/** The longest line that a target takes, where its URL says so: that of a Maildir target. */
const OPTION = /^(maildir:[^?]*)\?maxLineLength=(\d{1,9})$/i;

/** Bytes; null when the URL names none. */
export function lineLimitOf(target: string): number | null {
  const bytes = OPTION.exec(target)?.[2];
  return bytes === undefined ? null : Number(bytes);
}

/** The same target with another limit (bytes), or with none. */
export const withLineLimit = (target: string, bytes: number | null): string =>
  target.replace(OPTION, (_, place: string) => (bytes === null ? place : `${place}?maxLineLength=${bytes}`));
