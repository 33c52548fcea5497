/**
 * The first APPEND to a folder goes alone. A server that was killed while it stored messages may have some that it does
 * not know of. It finds them when it is to store the next one: it refuses that, and has them (Dovecot's sdbox: `NO
 * [SERVERBUG]`, measured). Whatever were sent beside it would be there twice.
 */
import { Problem } from '../../failures';
import type { Mark } from './look-up';

export class FirstCommands {
  /** By folder, until it is answered. */
  readonly #sent = new Map<string, Promise<void>>();
  /** Folders that took something since, or refused it for what it is. */
  readonly #clear = new Set<string>();
  /** Folders that hold more than they had said. */
  readonly #surprising = new Set<string>();

  /** @param markOf where a folder ends now; null when that is not said */
  constructor(private readonly markOf: (folder: string) => Promise<Mark | null>) {}

  /** Waits for the answer to the first command of a folder, if there was one. */
  async turn(folder: string): Promise<void> {
    await this.#sent.get(folder);
  }

  sent(folder: string, answered: Promise<void>): void {
    if (!this.#sent.has(folder)) this.#sent.set(folder, answered);
  }

  taken(folder: string): void {
    this.#clear.add(folder);
  }

  /** A command was refused. Notes when the folder turns out to hold more than is known. */
  async refused(folder: string, known: Mark | undefined): Promise<void> {
    if (this.#clear.has(folder)) return;
    this.#clear.add(folder);
    const now = known === undefined ? null : await this.markOf(folder);
    if (now === null || known === undefined) return;
    if (now.validity === known.validity && now.next > known.next) this.#surprising.add(folder);
  }

  /** Nothing is sent there any more: what is in doubt must be looked for first. */
  isHeld(folder: string): boolean {
    return this.#surprising.has(folder);
  }

  /** @throws Problem `TargetUnavailable` */
  assertNoneHeld(): void {
    const [folder] = this.#surprising;
    if (folder !== undefined) throw foundAgain(`The folder "${folder}"`, { folder });
  }
}

export function foundAgain(place: string, details: Record<string, string> = {}): Problem {
  const what = `${place} has messages that the server had not said it has: it has found them again`;
  return new Problem('TargetUnavailable', `${what}. What was sent before is looked for once more.`, details);
}
