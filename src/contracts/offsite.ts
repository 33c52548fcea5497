/** What every workflow on an offsite copy is told of it. */
import { z } from 'zod';
import { parseDestination } from './destination';
import { absolutePath, text } from './fields';

const destination = text('the destination')
  .superRefine((value, context) => {
    const parsed = parseDestination(value);
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
  })
  .describe(
    'Where the copy is: an absolute path, rsync://[user@]host[:port]/module[/path] or [user@]host:/path. Example: "rsync://backup@store.example.com/offsite/mail"',
  );

/** It becomes a word of a command line that rsync splits at spaces. */
const plainFile = (example: string) =>
  absolutePath('the file', example).regex(
    /^\/[A-Za-z0-9._/@+-]+$/,
    'must hold only letters, digits and . _ / @ + -',
  );

export const place = {
  destination,
  passwordFile: absolutePath('the file', '/etc/lifeboat/offsite.secret')
    .nullable()
    .default(null)
    .describe(
      'File with the password of the rsync daemon, alone in it and readable only by the user of the worker. Default: null (none). Example: "/etc/lifeboat/offsite.secret"',
    ),
  ssh: z
    .strictObject({
      keyFile: plainFile('/etc/lifeboat/id_ed25519')
        .nullable()
        .default(null)
        .describe(
          'Private key without a passphrase. Default: null (as ssh is set up). Example: "/etc/lifeboat/id_ed25519"',
        ),
      knownHostsFile: plainFile('/etc/lifeboat/known_hosts')
        .nullable()
        .default(null)
        .describe(
          'Keys of hosts that are trusted. Default: null (as ssh is set up). Example: "/etc/lifeboat/known_hosts"',
        ),
      port: z.int().min(1).max(65_535).nullable().default(null).describe('Default: null (22). Example: 2222'),
    })
    .prefault({})
    .describe(
      'For user@host:/path. It never asks for a password. Example: {"keyFile":"/etc/lifeboat/id_ed25519"}',
    ),
  bandwidthLimit: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('At most so many KiB a second. Default: null (no limit). Example: 20000'),
  compress: z
    .boolean()
    .default(false)
    .describe('Compress on the line; blobs are compressed already. Default: false'),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('A silent other side counts as gone after so many seconds. Default: 300'),
  partialDir: z
    .string()
    .regex(/^\.[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be a plain name that begins with a dot')
    .default('.rsync-partial')
    .describe('Name of the folders that keep partial files. Default: ".rsync-partial"'),
};

export const attempts = z
  .int()
  .min(1)
  .max(1000)
  .default(20)
  .describe(
    'How often a step is tried whose line or other side fails; the pauses grow to five minutes. Default: 20 (about an hour and a quarter)',
  );

/** What the connection takes of an input. */
export interface PlaceInput {
  readonly destination: string;
  readonly passwordFile: string | null;
  readonly ssh: {
    readonly keyFile: string | null;
    readonly knownHostsFile: string | null;
    readonly port: number | null;
  };
  readonly bandwidthLimit: number | null;
  readonly compress: boolean;
  readonly timeoutSeconds: number;
  readonly partialDir: string;
}
