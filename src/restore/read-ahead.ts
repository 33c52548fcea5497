/** Reads the next batch of an account while the target is still busy with the one before. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Blob } from '../backup-path/blob';
import { Defect, Interrupted } from '../backup-path/defect';
import type { WalkEntry } from '../backup-path/walk';
import { classify, type Candidate, type Classifier } from './classify';

/**
 * What a kill redoes at most, beside what is in flight: so many items, or so many bytes. Between two batches the target
 * waits for the ledger, so where it is fast they grow.
 */
const BATCH_ITEMS = 256;
const MOST_ITEMS = 1024;
/** A batch that took less is followed by one of twice as many items. */
const SHORT_MS = 1_000;
/** One that took longer, by one of half as many messages: an attempt that is to end waits for its batch. */
const LONG_MS = 3_000;
const BATCH_BYTES = 32 * 1024 * 1024;
/** Where nobody can look, all of a batch that a death interrupts is reported as doubtful: so few then. */
const BATCH_UNSEEN = 16;
/** Content that is held ready, bytes; what is more is read when its turn comes. */
const READY_BYTES = 16 * 1024 * 1024;
/** After so many items whatever else waits in this thread (answers of a server) has its turn. */
const TURN_EVERY = 4;

export interface ReadBatch {
  readonly batch: readonly Candidate[];
  /** Nothing comes behind it. */
  readonly done: boolean;
  /** Contents that are in memory, by item. */
  readonly ready: Map<number, Blob>;
}

export class ReadAhead {
  #abandoned = false;
  #items = BATCH_ITEMS;
  /** Of these, what is to be brought. */
  #injections = BATCH_ITEMS;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly walk: Generator<WalkEntry>,
    private readonly classifier: Classifier,
  ) {}

  /** How long the target had a full batch, and how many messages of it were to be brought. */
  took(ms: number, injections: number): void {
    if (ms < SHORT_MS) {
      this.#items = Math.min(this.#items * 2, MOST_ITEMS);
      if (injections >= this.#injections) this.#injections = Math.min(this.#injections * 2, MOST_ITEMS);
    } else if (ms > LONG_MS) this.#injections = Math.max(this.#injections / 2, BATCH_ITEMS);
  }

  /** Reads the next batch. @throws Problem `SourceUnavailable` */
  next(): Promise<ReadBatch> {
    const read = this.#read();
    // whoever waits for it is told; until then it is not a failure that nobody sees
    this.#reading = read.catch(() => undefined);
    return read;
  }

  /** What is being read is not wanted any more. Returns when nothing is read any more. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    await this.#reading;
  }

  async #read(): Promise<ReadBatch> {
    const { classifier, walk } = this;
    const batch: Candidate[] = [];
    const ready = new Map<number, Blob>();
    let bytes = 0;
    let readyBytes = 0;
    let injections = 0;
    const most = classifier.canLook ? this.#injections : BATCH_UNSEEN;
    // the first of the batch before goes out
    await turn();
    while (batch.length < this.#items && injections < most && bytes < BATCH_BYTES && !this.#abandoned) {
      const next = walk.next();
      if (next.done) {
        // a store that went away looks like an account without items
        classifier.store.assertThere();
        return { batch, done: true, ready };
      }
      const candidate = classify(classifier, next.value);
      batch.push(candidate);
      if (candidate.kind === 'defect' && candidate.defect.kind === 'read') classifier.store.assertThere();
      if (candidate.kind === 'deliver') injections++;
      if (candidate.kind === 'deliver' || candidate.kind === 'save') {
        bytes += candidate.state.size;
        const blob = readyBytes < READY_BYTES ? await this.#load(candidate.state.digest) : null;
        if (blob?.kind === 'memory') readyBytes += blob.size;
        if (blob !== null) ready.set(candidate.item, blob);
      }
      if (batch.length % TURN_EVERY === 0) await turn();
    }
    return { batch, done: false, ready };
  }

  /** Null when that fails: it is read again when its turn comes, and judged then. */
  async #load(digest: string): Promise<Blob | null> {
    try {
      return await this.classifier.store.blobs.load(digest);
    } catch (error) {
      if (!(error instanceof Defect) && !(error instanceof Interrupted)) throw error;
      return null;
    }
  }
}
