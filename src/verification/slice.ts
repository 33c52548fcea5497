/** One work unit of a verification: goes on from a cursor until its time is up. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Defect } from '../backup-path/defect';
import { findAccounts } from '../backup-path/find-account';
import type { BackupPath } from '../backup-path/store';
import { verifyStore } from '../backup-path/verify';
import type { VerifyFinding, VerifyPhase, VerifyProgress } from '../backup-path/verify-model';
import type { VerifyPhaseName } from '../contracts/verify';
import { Problem } from '../failures';
import { hashOf, operationDir } from '../host/operation-dir';
import { PartWriter } from '../host/parts';
import { asOutage, openStore } from '../restore/session';
import type { SliceAnswer, VerificationRequest, VerificationSlice } from './model';

export const PHASES: Record<VerifyPhase, VerifyPhaseName> = {
  blobs: 'reading blobs',
  items: 'reading metadata',
  orphans: 'looking at orphans',
};

/**
 * @throws Problem as `verifyStore`; once begun, a source that is not there is an outage (`SourceUnavailable`);
 * `StateUnavailable` when the findings cannot be written
 */
export async function verifySlice(
  stateDir: string,
  request: VerificationRequest,
  { slice, seconds, cursor, serverId }: VerificationSlice,
  hooks: { signal: AbortSignal; onProgress: (progress: VerifyProgress) => void },
): Promise<SliceAnswer> {
  const { input, operationKey } = request;
  const store = openStore(input.sourcePath, cursor !== null);
  const server = store.marker.serverId;
  if (serverId !== null && serverId !== server) {
    const what = `At ${store.root} is now the Backup Path of another server (${store.marker.serverName}).`;
    throw new Problem('SourceUnavailable', what, { path: store.root });
  }
  const reportDir = operationDir(stateDir, 'verifications', request);
  const accounts =
    input.accounts.length === 0
      ? null
      : [...new Set(findAccounts(store, input.accounts).map(({ id }) => id))];
  const seed = Number.parseInt(hashOf(operationKey).slice(0, 8), 16);
  const time = new WorkTime(seconds);
  const summary = await writing(reportDir, slice, (part) => {
    const names = new Names(store);
    return verifyStore(input.sourcePath, {
      ...(input.threads === null ? {} : { threads: input.threads }),
      scope: { accounts, sample: input.sample === null ? null : { share: input.sample / 100, seed } },
      stateFile: join(reportDir, 'state'),
      cursor,
      signal: time.signal,
      cancel: hooks.signal,
      onProgress: (progress) => {
        time.begin();
        hooks.onProgress(progress);
      },
      onFinding: (finding) =>
        part.add({ ...finding, account: names.of(finding.account) } satisfies VerifyFinding),
    }).catch((error: unknown) => {
      throw asOutage(error); // its threads open it again
    });
  }).finally(() => time.end());
  const { complete: _complete, ...answer } = summary;
  return { ...answer, serverId: server, reportDir };
}

/** Begins when something is done: on a slow machine the start of the threads alone could take all the time, for ever. */
class WorkTime {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly seconds: number) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(): void {
    this.timer ??= setTimeout(() => this.controller.abort(), Math.ceil(this.seconds * 1000));
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }
}

async function writing<T>(
  folder: string,
  number: number,
  body: (part: PartWriter) => Promise<T>,
): Promise<T> {
  const part = guarded(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new PartWriter(folder, number);
  });
  try {
    const result = await body(part);
    guarded(folder, () => part.publish());
    return result;
  } catch (error) {
    part.drop();
    throw error;
  }
}

function guarded<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const what = `The findings cannot be written to ${path}: ${(error as Error).message}.`;
    throw new Problem('StateUnavailable', what, { path }, { cause: error });
  }
}

/** Addresses of accounts, by their ids; the id where account_info cannot be used. */
class Names {
  private readonly known = new Map<string, string>();

  constructor(private readonly store: BackupPath) {}

  of(id: string | null): string | null {
    if (id === null) return null;
    const name = this.known.get(id) ?? this.look(id);
    this.known.set(id, name);
    return name;
  }

  private look(id: string): string {
    try {
      return this.store.accountInfo(id).name;
    } catch (error) {
      if (error instanceof Defect) return id;
      throw error;
    }
  }
}
