/** Which accounts are exported, by which lane, and why the others are not. Nothing but the destination is made. */
import { statSync } from 'node:fs';
import { Defect } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { blobPath } from '../backup-path/layout';
import type { ServerConfig } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { countItems, walkItems } from '../backup-path/walk';
import { guardSpace, surelyFits } from '../offsite/guard-destination';
import { guardSource } from '../offsite/guard-source';
import { currentState } from '../restore/classify';
import { selectAccounts, type Selected } from '../restore/select';
import { openStore } from '../restore/session';
import { SourceGuard } from '../restore/source-guard';
import { lookAtDestination, openDestination } from './destination';
import { ExportPlace } from './place';
import type { ExportPlan, ExportPlanned, ExportRequest, PlannedAccount } from './model';

/** Metadata files that are opened to learn the average size of a blob. */
const SAMPLE = 2_000;
/** An estimate from a sample is off by some, and blobs that several items name count once. */
const TOLERANCE = 0.5;

/**
 * @throws Problem of the source, of the accounts that are asked for, and of the destination (destination.ts),
 * `DestinationTooSmall`
 */
export function planExport(request: ExportRequest, stateDir: string): ExportPlanned {
  const place = new ExportPlace(stateDir, request.name);
  const plan = place.plan() ?? newPlan(request, stateDir);
  place.writePlan(plan);
  return {
    accounts: plan.accounts.length,
    files: plan.accounts.reduce((sum, { files }) => sum + files, 0),
    lanes: Math.max(1, ...plan.accounts.map(({ lane }) => lane + 1)),
    reportDir: place.dir,
  };
}

/**
 * What can be said before the operation waits for its turn; changes nothing.
 * @throws Problem as `planExport`, but for the space
 */
export function checkExport({ input }: ExportRequest, stateDir: string): void {
  const store = openStore(input.sourcePath, false);
  guardSource(store.root);
  lookAtDestination(input.destinationPath, store, stateDir);
  select(store, input);
}

function select(store: BackupPath, { accounts, domains }: ExportRequest['input']): Selected[] {
  const rules = {
    accounts: [...accounts],
    domains: [...domains],
    filterDeleted: false,
    skipSystemAccounts: false,
  };
  return selectAccounts(store, rules, new SourceGuard(store, new Set()));
}

function newPlan({ input }: ExportRequest, stateDir: string): ExportPlan {
  const store = openStore(input.sourcePath, false);
  guardSource(store.root);
  const selected = select(store, input);
  const chosen = selected.filter(({ excluded }) => excluded === null);
  const off = switchedOff(store);
  const leftOut = chosen.flatMap(({ id, name, defect }) => {
    const why = defect === null ? whyOff(store, id, off) : defect.reason;
    return why === null ? [] : [{ id, name, why }];
  });
  const out = new Set(leftOut.map(({ id }) => id));
  const taken = chosen.filter(({ id }) => !out.has(id));
  const accounts = inLanes(
    taken.map(({ id, name }) => ({ id, name, files: countItems(store, id) })),
    input.concurrentAccounts,
  );
  store.assertThere();
  const { root, exportId, fresh } = openDestination(input.destinationPath, store, stateDir);
  if (fresh && !surelyFits(store.root, root)) guardSpace(root, estimate(store, accounts));
  return {
    ...{ serverId: store.marker.serverId, destination: root, exportId, accounts, leftOut },
    whole: input.accounts.length + input.domains.length === 0,
    findings: chosen.flatMap(({ id, defect }) =>
      defect?.kind === 'read' || defect?.kind === 'broken'
        ? [{ account: id, item: 0, class: defect.kind, reason: defect.reason }]
        : [],
    ),
  };
}

/** Classes of service whose backup is switched off. */
function switchedOff(store: BackupPath): ReadonlySet<string> {
  const off = readConfig(store)?.coses.filter(({ backupEnabled }) => !backupEnabled) ?? [];
  return new Set(off.map(({ id }) => id));
}

/** Null when there is none that can be used. */
export function readConfig(store: BackupPath): ServerConfig | null {
  try {
    return store.serverConfig();
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return null;
  }
}

function whyOff(store: BackupPath, id: string, off: ReadonlySet<string>): string | null {
  const { backupEnabled, cos } = store.accountInfo(id);
  if (!backupEnabled) return 'its backup is switched off';
  return cos !== null && off.has(cos) ? 'the backup of its class of service is switched off' : null;
}

/** The largest first, each to the lane that has least to do. */
function inLanes(accounts: readonly Omit<PlannedAccount, 'lane'>[], lanes: number): PlannedAccount[] {
  const load = Array.from({ length: Math.max(1, Math.min(lanes, accounts.length)) }, () => 0);
  return [...accounts]
    .sort((a, b) => b.files - a.files)
    .map((account) => {
      const lane = load.indexOf(Math.min(...load));
      // an account without items costs something too
      load[lane] = (load[lane] as number) + account.files + 1;
      return { ...account, lane };
    });
}

function estimate(store: BackupPath, accounts: readonly PlannedAccount[]): { bytes: number; files: number } {
  const files = accounts.reduce((sum, account) => sum + account.files, 0);
  const step = Math.max(1, Math.floor(files / SAMPLE));
  let seen = 0;
  let sampled = 0;
  let bytes = 0;
  for (const { id } of accounts) {
    for (const entry of walkItems(store, id)) {
      if (seen++ % step !== 0 || entry.kind === 'folder') continue;
      sampled++;
      const state = currentState(store, entry);
      if (state instanceof Defect || state.digest === null || digestAlgorithm(state.digest) === null)
        continue;
      bytes += statSync(store.files.absolute(blobPath(state.digest)), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  const average = sampled === 0 ? 0 : bytes / sampled;
  return { bytes: Math.round(files * average * TOLERANCE), files };
}
