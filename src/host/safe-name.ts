/** Names that come from a user, as parts of a path. */

/** At most 80 characters of which none can lead elsewhere; two names may become the same. */
export const safeName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 80);
