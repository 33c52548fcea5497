/** What proves that an item cannot be used: plain data, for reports and programs. */

export interface Evidence {
  /** The file concerned, absolute. */
  readonly path?: string;
  /** The system's error, for read errors: `EACCES`, `EIO`, … */
  readonly error?: string;
  /** `soft`: it may go away once its cause is mended. `hard`: the data are lost where they are. For read errors. */
  readonly severity?: 'soft' | 'hard';
  /** The file lies on a file system of a user's own program (FUSE), such as SSHFS. */
  readonly fuse?: true;
  /** The digest under which the content is filed, and the one that it has. */
  readonly expected?: string;
  readonly found?: string;
}
