/** Entry of a worker thread of a verification. Started by verify-pool.ts; reads synchronously. */
import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../failures';
import { toThreadFailure } from '../host/thread-failure';
import { BackupPath } from './store';
import { checkBlobFolder, examineOrphans } from './verify-blobs';
import { BlobIndex, type BlobFolder } from './verify-index';
import { ACCOUNT_GROUPS, ItemChecker } from './verify-items';
import {
  CANCEL,
  IN_FLIGHT,
  NEXT,
  STOP,
  type PhaseOrder,
  type ThreadData,
  type ThreadMessage,
} from './verify-messages';
import { addCounts, zeroCounts, type VerifyCounts, type VerifyFinding } from './verify-model';

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

  readonly add = (counts: Partial<VerifyCounts>): void =>
    addCounts(this.counts, { ...zeroCounts(), ...counts });

  addFolder(folder: BlobFolder): void {
    this.folders.push(folder);
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

async function runPhase(store: BackupPath, { phase, names, folders, scope }: PhaseOrder): Promise<void> {
  const outbox = new Outbox();
  const index = new BlobIndex(folders);
  const items = new ItemChecker(store, scope.accounts === null ? index : null, scope.sample, outbox);
  const total = phase === 'items' ? names.length * ACCOUNT_GROUPS : names.length;
  // the flag is read before a unit is taken: what was taken is also done
  while (Atomics.load(flags, STOP) === 0) {
    const unit = Atomics.add(flags, NEXT, 1);
    if (unit >= total) break;
    const group = unit % ACCOUNT_GROUPS;
    if (phase === 'items') {
      const account = names[(unit - group) / ACCOUNT_GROUPS] as string;
      outbox.add({ items: await items.check(account, group), accounts: group === 0 ? 1 : 0 });
    } else if (phase === 'blobs') {
      const { folder, read, bytes, findings } = await checkBlobFolder(
        store,
        names[unit] as string,
        scope.sample,
      );
      outbox.addFolder(folder);
      outbox.add({ blobs: read, bytes });
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
/** It was there when the verification began: what is missing now has gone away. */
function openAgain(): BackupPath {
  try {
    return BackupPath.open(path);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem('SourceUnavailable', error.message, error.details, { cause: error });
  }
}

parentPort?.on('message', (order: PhaseOrder) => {
  void (async () => {
    try {
      store ??= openAgain();
      store.blobs.isInterrupted = () => Atomics.load(flags, CANCEL) !== 0;
      await runPhase(store, order);
      send({ kind: 'done' });
    } catch (error) {
      send(toThreadFailure(error));
    }
  })();
});
