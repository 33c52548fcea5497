/** Runs a piece of the scripts, which are ES modules, in a Node of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(__dirname, '../..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runNode(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Outcome> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

/**
 * Prints what an expression yields, given the exports of a module of scripts/lib as `m`. A failure comes out as the
 * scripts show it.
 */
export function evaluate(module: string, expression: string, env?: NodeJS.ProcessEnv): Promise<Outcome> {
  const lib = join(root, 'scripts/lib');
  const program = `
    import { runScript } from '${lib}/report.mjs';
    import * as m from '${lib}/${module}';
    await runScript(async () => { process.stdout.write(String(await ${expression})); });`;
  return runNode(['--input-type=module', '-e', program], env);
}
