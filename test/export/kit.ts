/** A Backup Path, a destination and a state folder; the steps of an export run on them one by one. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../src/backup-path/digest';
import { finishExport } from '../../src/export/finish';
import type { ExportEnd, ExportInput, ExportRequest } from '../../src/export/model';
import { planExport } from '../../src/export/plan';
import { exportSlice, type ExportHooks } from '../../src/export/slice';
import { TestStore } from '../restore/store';

const QUIET: ExportHooks = { onProgress: () => undefined, shouldStop: () => false };

export class ExportBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'lifeboat-export-'));
  readonly store = new TestStore(join(this.folder, 'store'));
  readonly destination = join(this.folder, 'export');
  readonly stateDir = join(this.folder, 'state');
  private runs = 0;

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  request(input: Partial<ExportInput> = {}): ExportRequest {
    const operationId = `export-${++this.runs}`;
    return {
      name: { operationId, operationKey: `${operationId} first` },
      input: {
        ...{ sourcePath: this.store.root, destinationPath: this.destination, accounts: [], domains: [] },
        ...{ concurrentAccounts: 2, advanced: { patienceSeconds: 0 } },
        ...input,
      },
    };
  }

  async lane(request: ExportRequest, lane: number, hooks: Partial<ExportHooks> = {}) {
    return exportSlice(request, this.stateDir, lane, { ...QUIET, ...hooks });
  }

  async export(input: Partial<ExportInput> = {}): Promise<ExportEnd> {
    const request = this.request(input);
    const { lanes } = planExport(request, this.stateDir);
    for (let lane = 0; lane < lanes; lane++) {
      if ((await this.lane(request, lane)).more) throw new Error('the lane did not end');
    }
    return finishExport(request, this.stateDir);
  }
}

/** Every blob that the metadata of an export names and that is not there, or is not what its name says. */
export function lackedBy(root: string, but: readonly string[] = []): string[] {
  const accounts = join(root, 'accounts');
  if (!existsSync(accounts)) return [];
  return readdirSync(accounts, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\/items\/\d\d\/\d+$/.test(path))
    .flatMap((path) => {
      const states = JSON.parse(readFileSync(join(accounts, path), 'utf8')) as { digest: string | null }[];
      return states.flatMap(({ digest }) => (digest === null ? [] : [digest]));
    })
    .filter((digest) => !but.includes(digest))
    .filter((digest) => {
      const blob = join(root, 'items', digest.slice(0, 2), digest);
      return !existsSync(blob) || digestOf(gunzipSync(readFileSync(blob))) !== digest;
    });
}
