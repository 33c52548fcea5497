import * as fs from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../failures';
import { lockFile } from '../../host/file-lock';
import type {
  AccountExtras,
  Mailbox,
  MailTarget,
  ProvisionCounts,
  ProvisionPlan,
  TargetAccount,
} from '../target';
import { accountPlace } from './address';
import { inheritedOwner } from './durable';
import type { Owner } from './durable';
import { addExtras } from './extras';
import { MaildirMailbox } from './mailbox';
import { ensureMarker, readMarker } from './marker';
import type { MaildirOptions } from './options';
import { PasswdCache } from './passwd';
import { accountIsThere } from './account-file';
import { provision } from './provision';
import { errorCode, onTarget, onTargetAsync, systemReason, targetProblem } from './system-error';

/** What passes when a server or a volume comes back; everything else about a directory is for a person to correct. */
const PASSING = new Set(['EIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN']);

const LOCK = '.lifeboat-lock';
const LOCK_WITHIN_SECONDS = 30;
const WRITER_LOCK = '.lifeboat-writer';

/** Mailboxes in one directory of this machine, at `<domain>/<local part>/Maildir`. */
export class MaildirTarget implements MailTarget {
  readonly kind = 'maildir';
  readonly id: string;
  readonly path: string;
  readonly description: string;
  readonly #passwd: PasswdCache;

  private constructor(
    private readonly directory: string,
    readonly instance: string,
    private readonly inode: { readonly dev: number; readonly ino: number },
    private readonly owner: Owner,
    private readonly maxLineLength: number | null,
  ) {
    this.path = directory;
    this.id = `maildir:${directory}`;
    this.description = `Maildir mailboxes in ${directory}/<domain>/<local part>/Maildir`;
    this.#passwd = new PasswdCache(directory);
  }

  /**
   * Opens the target; makes the directory (mode 0700) when it is missing.
   *
   * @param expected the instance that it was before: then nothing is made, and anything else that is there now (an
   * empty mount point, say) is TargetUnavailable
   * @throws Problem TargetRefused when it cannot be made, is no directory, or may not be written to
   */
  static open(options: MaildirOptions, expected?: string): MaildirTarget {
    const directory =
      expected === undefined
        ? makeTargetDirectory(options.directory)
        : reopenTargetDirectory(options.directory, expected);
    const { dev, ino } = onTarget(directory, () => fs.statSync(directory));
    const owner = inheritedOwner(directory);
    const instance = ensureMarker(directory, owner);
    return new MaildirTarget(directory, instance, { dev, ino }, owner, options.maxLineLength);
  }

  static writerLock({ directory }: MaildirOptions): string | null {
    return readMarker(directory) === null ? null : join(directory, WRITER_LOCK);
  }

  async check(): Promise<void> {
    const path = this.directory;
    const now = onTarget(path, () => fs.statSync(path));
    if (now.dev !== this.inode.dev || now.ino !== this.inode.ino) {
      throw this.#gone('another file system or folder is there now');
    }
    const marker = readMarker(path);
    if (marker === null) throw this.#gone('its marker file .lifeboat-target is gone');
    if (marker !== this.instance) throw this.#gone('its marker file .lifeboat-target is another one now');
    onTarget(path, () => fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK));
  }

  async freeBytes(): Promise<number | null> {
    const { bavail, bsize } = await onTargetAsync(this.directory, () => fs.promises.statfs(this.directory));
    return bavail * bsize;
  }

  async provision(plan: ProvisionPlan, onProgress: (accounts: number) => void): Promise<ProvisionCounts> {
    // its files are read, changed and replaced: two at once would lose what one of them wrote
    const lock = await lockFile(join(this.directory, LOCK), LOCK_WITHIN_SECONDS);
    if (lock === undefined) {
      throw new Problem('TargetUnavailable', `Another restore creates accounts in ${this.directory}.`, {
        path: this.directory,
      });
    }
    try {
      return await provision(this.directory, this.owner, plan, onProgress);
    } finally {
      lock.release();
    }
  }

  async hasAccount(account: TargetAccount): Promise<boolean> {
    const place = accountPlace(this.directory, account.name);
    return accountIsThere(place) || this.#passwd.has(place.address);
  }

  async openMailbox(account: TargetAccount): Promise<Mailbox> {
    await this.check();
    const place = accountPlace(this.directory, account.name);
    return new MaildirMailbox(this.directory, place, this.#ownerOf(place.maildir), this.maxLineLength);
  }

  async addExtras(account: TargetAccount, extras: AccountExtras): Promise<string[]> {
    const place = accountPlace(this.directory, account.name);
    return addExtras(this.directory, place, this.owner, extras);
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }

  /** A mailbox that is there keeps its owner. */
  #ownerOf(maildir: string): Owner {
    const found = onTarget(maildir, () => fs.lstatSync(maildir, { throwIfNoEntry: false }));
    return found?.isDirectory() === true ? inheritedOwner(maildir) : this.owner;
  }

  #gone(what: string): Problem {
    return new Problem(
      'TargetUnavailable',
      `The target ${this.directory} is not the one that was opened: ${what}.`,
      {
        path: this.directory,
      },
    );
  }
}

/** The real path of a target that was used before. */
function reopenTargetDirectory(wanted: string, expected: string): string {
  const real = onTarget(wanted, () => fs.realpathSync(wanted));
  if (readMarker(real) === expected) return real;
  const what = `The target ${wanted} is not the one that was used before: its marker file .lifeboat-target is missing or another one.`;
  throw new Problem('TargetUnavailable', what, { path: wanted });
}

/** The real path of the target's directory, which is made when it is missing. */
function makeTargetDirectory(wanted: string): string {
  try {
    const first = fs.mkdirSync(wanted, { recursive: true, mode: 0o700 });
    const real = fs.realpathSync(wanted);
    if (!fs.statSync(real).isDirectory()) {
      throw new Problem('TargetRefused', `The target ${wanted} is no directory.`, { path: wanted });
    }
    // Either would break the lines of the passwd-file.
    if (/[:\p{Cc}]/u.test(real)) {
      throw new Problem(
        'TargetRefused',
        `The target's real path ${JSON.stringify(real)} has a colon or control character.`,
      );
    }
    if (first !== undefined) syncParents(real, fs.realpathSync(join(first, '..')));
    return real;
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof Problem || code === undefined) throw error;
    const what = `The target ${wanted} cannot be made or opened (${systemReason(error)}).`;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw targetProblem(error, wanted);
    const type = PASSING.has(code) ? 'TargetUnavailable' : 'TargetRefused';
    throw new Problem(type, what, { path: wanted, code }, { cause: error });
  }
}

/** Puts the new directories between `from` and `until` on disk. */
function syncParents(from: string, until: string): void {
  for (let path = from; path !== until && path !== '/';) {
    path = join(path, '..');
    const fd = fs.openSync(path, 'r');
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  }
}
