/** The threads of a verification: they take units from one counter, and report. */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromThreadFailure } from '../host/thread-failure';
import {
  CANCEL,
  CONTROL_BYTES,
  IN_FLIGHT,
  NEXT,
  STOP,
  type PhaseOrder,
  type Report,
  type ThreadData,
  type ThreadMessage,
} from './verify-messages';

/** Always the compiled file: a thread runs JavaScript, also when this file is run from its source by the tests. */
const THREAD = resolvePath(__dirname, '../../dist/backup-path/verify-thread.js');

export class VerifyPool {
  private readonly flags = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  private readonly threads: Worker[];

  /** @param path of the Backup Path; each thread opens it for itself */
  constructor(
    path: string,
    threads: number,
    private readonly onReport: (report: Report) => void,
  ) {
    const workerData: ThreadData = { path, control: this.flags.buffer };
    this.threads = Array.from({ length: threads }, () => new Worker(THREAD, { workerData }));
  }

  /** Asks the threads to end after the units that they are at. */
  stop(): void {
    Atomics.store(this.flags, STOP, 1);
  }

  /** Also in the middle of a blob: then `run` fails, and its units are not done. */
  cancel(): void {
    Atomics.store(this.flags, CANCEL, 1);
    this.stop();
  }

  get stopped(): boolean {
    return Atomics.load(this.flags, STOP) !== 0;
  }

  /**
   * Works on a phase from unit `first` on. All that was taken is done when this returns.
   * @returns the first unit that nobody took; at least the number of units when all are done
   * @throws Problem or Error, the first that a thread or the taker of reports threw
   */
  async run(order: PhaseOrder, first: number): Promise<number> {
    Atomics.store(this.flags, NEXT, first);
    const ends = await Promise.allSettled(this.threads.map((thread) => this.runThread(thread, order)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return Atomics.load(this.flags, NEXT);
  }

  private async runThread(thread: Worker, order: PhaseOrder): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        thread.on('message', (message: ThreadMessage) => {
          if (message.kind === 'done') resolve();
          else if (message.kind === 'report') this.take(message, reject);
          else reject(fromThreadFailure(message));
        });
        thread.on('error', reject);
        thread.on('exit', (code) => reject(new Error(`a thread of the verification ended (${code})`)));
        thread.postMessage(order);
      });
    } catch (error) {
      this.stop(); // the others need not go on
      throw error;
    } finally {
      for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event);
    }
  }

  private take(report: Report, reject: (reason: unknown) => void): void {
    try {
      this.onReport(report);
    } catch (error) {
      this.stop();
      reject(error);
    } finally {
      Atomics.sub(this.flags, IN_FLIGHT, 1);
      Atomics.notify(this.flags, IN_FLIGHT);
    }
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }
}
