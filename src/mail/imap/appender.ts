/** Takes messages, makes groups of them by folder, and has them sent over several connections at once. */
import type { DeliveryOutcome } from '../target';
import { Appends } from './appends';
import type { ImapFolders } from './folders';
import type { Mark } from './look-up';
import { bytesOf, type Group, type Outgoing } from './message';
import type { ImapSessions } from './sessions';

/** Messages and bytes of one command. Dovecot stores 32 at once three times as fast as one by one. */
const GROUP_MESSAGES = 32;
const GROUP_BYTES = 1024 * 1024;
/** What may be on its way and unanswered, bytes for each connection. */
const IN_FLIGHT = 2 * 1024 * 1024;

export class Appender {
  readonly #waiting = new Map<string, { messages: Outgoing[]; bytes: number }>();
  readonly #jobs = new Set<Promise<void>>();
  readonly #appends: Appends;
  /** On their way, bytes. */
  #bytes = 0;

  constructor(
    private readonly sessions: ImapSessions,
    folders: ImapFolders,
  ) {
    this.#appends = new Appends(sessions, folders);
  }

  /** @param marks by folder; kept up to date from the answers of the server */
  begin(marks: Map<string, Mark>, stillCurrent: () => void): void {
    this.#appends.begin(marks, stillCurrent);
  }

  /** Takes a message; waits while too much is on its way. @throws Problem once a connection has failed */
  async add(message: Outgoing): Promise<void> {
    const group = this.#waiting.get(message.folder) ?? { messages: [], bytes: 0 };
    this.#waiting.set(message.folder, group);
    group.messages.push(message);
    group.bytes += message.bytes.length;
    if (group.messages.length < GROUP_MESSAGES && group.bytes < GROUP_BYTES) return;
    this.#waiting.delete(message.folder);
    await this.#send(group.messages);
  }

  /** Sends the rest and waits for every answer. Answers what became of messages that were not simply taken. */
  async flush(): Promise<Map<number, DeliveryOutcome>> {
    for (const { messages } of this.#waiting.values()) await this.#send(messages);
    this.#waiting.clear();
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
    if (this.#appends.failure) throw this.#appends.failure;
    return this.#appends.outcomes();
  }

  async #send(group: Group): Promise<void> {
    const { capabilities } = await this.sessions.control();
    const commands = capabilities.has('MULTIAPPEND') ? [group] : group.map((message) => [message]);
    const isFull = (): boolean => this.#bytes >= IN_FLIGHT * this.sessions.connections;
    for (const command of commands) {
      while (isFull() && this.#appends.failure === null) await Promise.race(this.#jobs);
      if (this.#appends.failure) throw this.#appends.failure;
      this.#start(command);
    }
  }

  #start(group: Group): void {
    const bytes = bytesOf(group);
    this.#bytes += bytes;
    const job = this.#appends.append(group).then(() => {
      this.#bytes -= bytes;
      this.#jobs.delete(job);
    });
    this.#jobs.add(job);
  }
}
