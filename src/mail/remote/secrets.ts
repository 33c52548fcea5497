/** Secrets by name: a URL names one, the worker reads it from a file of its own. Nothing else ever holds it. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../failures';
import { requirePrivate } from '../../host/private-file';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,200}$/;
const LONGEST = 4096;

export const isSecretName = (name: string): boolean => NAME.test(name) && !name.includes('..');

/**
 * The secret in `<folder>/<name>`, without a line end behind it.
 *
 * @param folder LIFEBOAT_SECRETS_DIR; null when it is not set
 * @param shared it is the one of all accounts: without it nothing can be done (`shared` in the details)
 * @throws Problem `SecretUnusable` for a file that is missing, that others may read, or that is none
 */
export function readSecret(folder: string | null, name: string, shared = false): string {
  const unusable = (why: string): Problem =>
    new Problem('SecretUnusable', `The secret "${name}" cannot be used: ${why}.`, {
      secret: name,
      shared,
    });
  if (folder === null) throw unusable('LIFEBOAT_SECRETS_DIR is not set');
  if (!isSecretName(name)) throw unusable('its name may have letters, digits and . _ @ + - only');
  const path = join(folder, name);
  let fd: number;
  try {
    requirePrivate(fs.statSync(folder), folder, 'writes');
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw unusable(`${path} cannot be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile() || found.size > LONGEST) throw unusable(`${path} is no small file`);
    requirePrivate(found, path, 'reads');
    const secret = fs.readFileSync(fd, 'utf8').replace(/\r?\n$/, '');
    // eslint-disable-next-line no-control-regex -- what no protocol can carry
    if (secret === '' || /[\x00\r\n]/.test(secret)) throw unusable(`${path} must hold one line`);
    return secret;
  } finally {
    fs.closeSync(fd);
  }
}
