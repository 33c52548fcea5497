/** Entry of a worker thread of a verification. Started by verify-pool.ts; reads synchronously. */
import { parentPort, workerData } from 'node:worker_threads';
import { toThreadFailure } from '../host/thread-failure';
import { BackupPath } from './store';
import { checkBlobFolder, examineOrphans } from './verify-blobs';
import { BlobIndex, type BlobFolder } from './verify-index';
import { ACCOUNT_GROUPS, ItemChecker } from './verify-items';
import {
  IN_FLIGHT,
  NEXT,
  STOP,
  type PhaseOrder,
  type ThreadData,
  type ThreadMessage,
} from './verify-messages';
import { zeroCounts, type VerifyFinding } from './verify-model';

/** Units a report, unless there is much to tell. */
const UNITS = 64;
const FINDINGS = 256;
const MOST_IN_FLIGHT = 64;

const { path, control } = workerData as ThreadData;
const flags = new Int32Array(control);

const send = (message: ThreadMessage): void => parentPort?.postMessage(message);

/** Collects what the units say, and sends it now and then. */
class Outbox {
  private units = 0;
  private counts = zeroCounts();
  private findings: VerifyFinding[] = [];
  private folders: BlobFolder[] = [];

  readonly emit = (finding: VerifyFinding): void => {
    this.findings.push(finding);
    if (this.findings.length >= FINDINGS) this.flush();
  };

  addFolder(folder: BlobFolder, bytes: number): void {
    this.counts.blobs += folder.marks.length;
    this.counts.bytes += bytes;
    this.folders.push(folder);
  }

  addItems(items: number, ofNewAccount: boolean): void {
    this.counts.items += items;
    if (ofNewAccount) this.counts.accounts++;
  }

  unitDone(): void {
    if (++this.units >= UNITS) this.flush();
  }

  flush(): void {
    // millions of findings must not pile up in the memory of whoever writes them down
    while (Atomics.load(flags, STOP) === 0) {
      const n = Atomics.load(flags, IN_FLIGHT);
      if (n < MOST_IN_FLIGHT) break;
      Atomics.wait(flags, IN_FLIGHT, n, 1000);
    }
    Atomics.add(flags, IN_FLIGHT, 1);
    const { units, counts, findings, folders } = this;
    send({ kind: 'report', units, counts, findings, folders });
    this.units = 0;
    this.counts = zeroCounts();
    this.findings = [];
    this.folders = [];
  }
}

async function runPhase(store: BackupPath, { phase, names, folders }: PhaseOrder): Promise<void> {
  const outbox = new Outbox();
  const index = new BlobIndex(folders);
  const items = new ItemChecker(store, index, outbox.emit);
  const total = phase === 'items' ? names.length * ACCOUNT_GROUPS : names.length;
  // the flag is read before a unit is taken: what was taken is also done
  while (Atomics.load(flags, STOP) === 0) {
    const unit = Atomics.add(flags, NEXT, 1);
    if (unit >= total) break;
    const group = unit % ACCOUNT_GROUPS;
    if (phase === 'items') {
      const account = names[(unit - group) / ACCOUNT_GROUPS] as string;
      outbox.addItems(await items.check(account, group), group === 0);
    } else if (phase === 'blobs') {
      const { folder, bytes, findings } = await checkBlobFolder(store, names[unit] as string);
      outbox.addFolder(folder, bytes);
      findings.forEach(outbox.emit);
    } else {
      const wanted = (digest: string): boolean => index.isUnusedLook(digest);
      (await examineOrphans(store, names[unit] as string, wanted)).forEach(outbox.emit);
    }
    outbox.unitDone();
  }
  outbox.flush();
}

let store: BackupPath | null = null;
parentPort?.on('message', (order: PhaseOrder) => {
  void (async () => {
    try {
      store ??= BackupPath.open(path);
      await runPhase(store, order);
      send({ kind: 'done' });
    } catch (error) {
      send(toThreadFailure(error));
    }
  })();
});
