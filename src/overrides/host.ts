/** The overrides of this host: their journal, and what each slot changes. */
import { existsSync } from 'node:fs';
import { openCarbonioHost, type CarbonioHost } from '../carbonio/host';
import type { HostLog } from '../carbonio/runner';
import type { Config } from '../config';
import { VALIDATOR_SLOT } from '../contracts/override';
import { Problem } from '../failures';
import { BACKUP_SLOTS, backupSettingsPort } from './backup-settings-port';
import { Journal } from './journal';
import type { OverridePort } from './model';
import { validatorPort, type ValidatorHost } from './validator';

export type OverridesConfig = Pick<Config, 'carbonio' | 'lockDir' | 'host' | 'journalDir'>;

export class HostOverrides {
  private opened: Journal | null = null;
  private readonly carbonio: CarbonioHost;

  constructor(
    private readonly config: OverridesConfig,
    log: HostLog,
  ) {
    this.carbonio = openCarbonioHost(config.carbonio, config, log, () => this.opened?.lock ?? null);
  }

  /** Whether anything was ever changed here. */
  get isUsed(): boolean {
    return existsSync(this.config.journalDir);
  }

  /** Made when it is first needed: not every worker has a mail host. */
  get journal(): Journal {
    return (this.opened ??= new Journal(this.config.journalDir));
  }

  get validator(): ValidatorHost {
    const { carbonio } = this;
    const { localConfig } = carbonio;
    return {
      read: (key) => localConfig.read(key),
      write: (key, value) => localConfig.restore(key, value),
      reload: () => localConfig.reload(),
      deliver: (longestLine) => carbonio.probe(longestLine),
    };
  }

  /** @throws Problem `JournalDamaged` for a slot that this release does not know */
  port(slot: string): OverridePort {
    if (slot === VALIDATOR_SLOT) return validatorPort(this.validator);
    if (Object.values(BACKUP_SLOTS).includes(slot)) return backupSettingsPort(this.carbonio.cli);
    throw new Problem(
      'JournalDamaged',
      `${this.config.journalDir}/${slot}.json is of no kind that is known here.`,
      {
        slot,
      },
    );
  }
}
