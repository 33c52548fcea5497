/** Settings, Backup Paths that have some saved, and archives made by the tar of the system. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { archiveStamp } from '../../src/backup-path/layout';
import type { Attributes, ServerConfig } from '../../src/backup-path/model';
import { TestStore } from '../restore/store';

export const FIRST = new Date('2025-01-01T03:00:00Z');
export const SECOND = new Date('2025-01-02T03:00:00Z');

export const config = (
  server: Attributes = {},
  global: Attributes = {},
  name = 'mail.example.com',
): ServerConfig => ({
  server: { name, attributes: server },
  global: { attributes: global },
  domains: [{ id: 'd1', name: 'example.com', attributes: { zimbraDomainStatus: 'active' } }],
  coses: [{ id: 'c1', name: 'default', attributes: {}, backupEnabled: true }],
  distributionLists: [{ id: 'l1', name: 'all@example.com', members: ['jane@example.com'], attributes: {} }],
});

export class ConfigBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'lifeboat-config-'));

  /** A Backup Path with these states, by when they were saved. */
  store(name: string, ...states: readonly [ServerConfig, Date][]): TestStore {
    const store = new TestStore(join(this.dir, name));
    for (const [state, at] of states) store.writer.serverConfig(state, at);
    return store;
  }

  /** Puts an archive of customizations with these files into a Backup Path. */
  customizations(store: TestStore, at: Date, files: Readonly<Record<string, string>>): string {
    const folder = join(this.dir, `packed-${at.getTime()}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return this.pack(store, at, ['-C', folder, ...Object.keys(files)]);
  }

  /** As tar packs it. */
  pack(store: TestStore, at: Date, args: readonly string[]): string {
    const file = join(store.root, 'server', `customizations_${archiveStamp(at)}.tar.gz`);
    mkdirSync(dirname(file), { recursive: true });
    execFileSync('tar', ['-czPf', file, ...args]);
    return file;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
