/** The Maildir target of the stand-in, with the validator's limit (bytes; null: none). */
export const maildirTargetUrl = (dir: string, maxLineLength: number | null): string =>
  `maildir:${dir}${maxLineLength === null ? '' : `?maxLineLength=${maxLineLength}`}`;
