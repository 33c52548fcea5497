/** The end of an export: what belongs to the server, the marker that makes it a Backup Path, and the report. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Defect } from '../backup-path/defect';
import { archiveOrder, archiveStamp, MARKER, SERVER } from '../backup-path/layout';
import type { ServerConfig } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { writeDurably } from '../host/durable-file';
import { domainOf } from '../restore/select';
import { openStore } from '../restore/session';
import { assertSameDestination, onDestination, putFile, STAGING } from './destination';
import {
  addCounts,
  zeroCounts,
  type ExportEnd,
  type ExportFinding,
  type ExportPlan,
  type ExportRequest,
} from './model';
import { ExportPlace } from './place';
import { readConfig } from './plan';
import { knownPlan } from './slice';

/** Of an archive of the server, bytes. */
const ARCHIVE_LIMIT = 1024 * 1024 * 1024;
const SMALL_LIMIT = 8 * 1024 * 1024;

/** Doing it again changes nothing. @throws Problem as `exportSlice` */
export function finishExport({ name, input }: ExportRequest, stateDir: string): ExportEnd {
  const place = new ExportPlace(stateDir, name);
  const plan = knownPlan(place);
  const store = openStore(input.sourcePath, true);
  assertSameDestination(plan.destination, plan.exportId);
  const findings: ExportFinding[] = [...plan.findings];
  onDestination(plan.destination, () => {
    for (const folder of ['accounts', 'items', SERVER])
      mkdirSync(join(plan.destination, folder), { recursive: true, mode: 0o750 });
  });
  copyServer(store, plan, findings);
  const marker = store.files.read(store.files.absolute(MARKER), SMALL_LIMIT);
  onDestination(plan.destination, () => {
    // last: before it nobody takes the folder for a Backup Path
    putFile(join(plan.destination, MARKER), marker);
    rmSync(join(plan.destination, STAGING), { recursive: true, force: true });
  });
  const counts = zeroCounts();
  for (const { id } of plan.accounts) {
    const progress = place.progress(id);
    findings.push(...progress.findings);
    addCounts(counts, progress.counts);
  }
  const { destination, accounts, leftOut } = plan;
  const report = { operationId: name.operationId, operation: 'Export', sourcePath: store.root, destination };
  writeDurably(
    join(place.dir, 'report.json'),
    `${JSON.stringify({ ...report, accounts: accounts.length, counts, leftOut, findings }, null, 2)}\n`,
  );
  return {
    ...{ counts, accounts: accounts.length, leftOut: leftOut.length, findings: findings.length },
    reportDir: place.dir,
  };
}

/** Of a part only the domains, classes of service and lists of its accounts: the others are not the receiver's. */
function copyServer(store: BackupPath, plan: ExportPlan, findings: ExportFinding[]): void {
  const config = readConfig(store);
  if (config === null) {
    const reason = `there is no server configuration in ${store.root} that can be used`;
    findings.push({ account: '', item: 0, class: 'broken', reason });
  }
  if (plan.whole) {
    for (const kind of ['config', 'customizations'] as const) copyNewest(store, plan, kind, findings);
    return;
  }
  if (config === null) return;
  const content = gzipSync(JSON.stringify(store.dialect.encode('serverConfig', partOf(config, store, plan))));
  const path = join(plan.destination, SERVER, `config_${archiveStamp(new Date())}.json.gz`);
  onDestination(plan.destination, () => putFile(path, content));
}

function partOf(config: ServerConfig, store: BackupPath, plan: ExportPlan): ServerConfig {
  const domains = new Set(plan.accounts.map(({ name }) => domainOf(name)));
  const coses = new Set(plan.accounts.map(({ id }) => cosOf(store, id)));
  return {
    ...config,
    domains: config.domains.filter(({ name }) => domains.has(name.toLowerCase())),
    coses: config.coses.filter(({ id }) => coses.has(id)),
    distributionLists: config.distributionLists.filter(({ name }) => domains.has(domainOf(name))),
  };
}

function cosOf(store: BackupPath, account: string): string | null {
  try {
    return store.accountInfo(account).cos;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return null;
  }
}

function copyNewest(
  store: BackupPath,
  plan: ExportPlan,
  kind: 'config' | 'customizations',
  findings: ExportFinding[],
): void {
  try {
    store.files.checkFolder(SERVER);
    const newest = readdirSync(store.files.absolute(SERVER))
      .map((name) => ({ name, order: archiveOrder(kind, name) }))
      .filter((entry): entry is { name: string; order: string } => entry.order !== null)
      .sort((a, b) => (a.order < b.order ? 1 : -1))[0];
    if (!newest) return;
    const relative = `${SERVER}/${newest.name}`;
    const content = store.files.read(store.files.absolute(relative), ARCHIVE_LIMIT);
    onDestination(plan.destination, () => putFile(join(plan.destination, relative), content));
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    if (error.code !== 'ENOENT')
      findings.push({ account: '', item: 0, class: error.kind, reason: error.message });
  }
}
