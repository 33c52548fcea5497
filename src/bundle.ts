/** The bundle of the workflows: what a worker loads into their sandbox. Made ahead of time, by the build. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

export interface BundleOptions {
  /** Module that exports the workflows. */
  readonly workflows: string;
  /** Folder of the contracts that they import. */
  readonly contracts: string;
  /** A file that may be written: what is loaded ahead of the workflows. */
  readonly preload: string;
}

/**
 * The contracts are loaded once, not by each workflow that starts: to make their schemas takes most of the time, and of
 * the memory, that a small workflow costs.
 *
 * Temporal freezes what is loaded ahead, which schemas do not bear: they keep in themselves what they have worked out. It
 * stops at what is frozen already, so the exports of the contracts are, and the schemas in them are not.
 *
 * @returns the code, and what was warned of
 * @throws Error with the warnings when it cannot be made
 */
export async function bundleWorkflows({
  workflows,
  contracts,
  preload,
}: BundleOptions): Promise<{ code: string; warnings: readonly string[] }> {
  const modules = readdirSync(contracts)
    .filter((name) => /\.(js|ts)$/.test(name))
    .sort()
    .map((name) => `Object.freeze(require(${JSON.stringify(join(contracts, name))}));\n`);
  writeFileSync(preload, modules.join(''));
  const warnings: string[] = [];
  const logger = new DefaultLogger('WARN', ({ message }) => warnings.push(message));
  try {
    const { code } = await bundleWorkflowCode({
      workflowsPath: workflows,
      preloadModules: [preload],
      logger,
    });
    return { code, warnings };
  } catch (error) {
    throw new Error([(error as Error).message, ...warnings].join('\n'), { cause: error });
  }
}
