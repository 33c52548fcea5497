/** `lifeboat validator with-override`: runs a command while the LMTP validator of the mail host is changed. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import type { WorkflowHandle } from '@temporalio/client';
import { loadConfig } from '../../config';
import type {
  ValidatorOverrideRequest,
  ValidatorOverrideResult,
  ValidatorOverrideStatus,
} from '../../contracts/override';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { Interrupts } from '../interrupts';
import { outcomeOf } from '../outcome';
import { say } from '../output';
import { connectToServer, type Link } from '../server';
import { queryStatus } from '../snapshot';
import { startOrAttach } from '../start';

export interface WithOverrideOptions {
  disable?: boolean;
  acceptRisk?: boolean;
  lineLimit?: number;
  deadline?: number;
  embedded?: boolean;
  stateDir?: string;
}

/** As long as the command runs, the workflow is told so; when this process dies, the change goes back that much later. */
const PATIENCE_SECONDS = 60;
const LOOK_EVERY_MS = 500;
const TELL_EVERY_MS = 10_000;

/** @returns the exit code of the command; 1 when the validator was not seen to be back */
export async function withOverride(
  command: readonly string[],
  options: WithOverrideOptions,
): Promise<number> {
  const { disable = false, acceptRisk = false, lineLimit, deadline } = options;
  if (disable === (lineLimit !== undefined))
    throw new CommandError('Usage', 'Give either --line-limit or --disable.');
  if (disable && !acceptRisk)
    throw new CommandError(
      'Usage',
      'Messages that the validator refuses can disturb display and mobile synchronisation: add --accept-risk, or ' +
        'raise the limit with --line-limit.',
    );
  const config = loadConfig(process.env, options);
  const interrupts = new Interrupts();
  const session = options.embedded ? await (await import('../embedded.js')).openEmbedded(config) : null;
  const link = session?.link ?? (await connectToServer(config.stateDir));
  const operationId = `validator-override/${randomUUID()}`;
  try {
    const input: ValidatorOverrideRequest = {
      ...(disable ? { disable, acceptRisk } : { lineLimit }),
      ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
      patienceSeconds: PATIENCE_SECONDS,
    };
    const summary = 'Changes the LMTP validator while a command runs';
    await startOrAttach(link.client, operationId, config.taskQueue, {
      type: 'validatorOverride',
      input,
      summary,
    });
    say(`Operation ${operationId}`);
    return await around(link, operationId, command, interrupts);
  } finally {
    interrupts.endAtOnceOnNext();
    await (session ?? link).close();
    interrupts.dispose();
  }
}

async function around(
  link: Link,
  operationId: string,
  command: readonly string[],
  interrupts: Interrupts,
): Promise<number> {
  const handle = link.client.workflow.getHandle(operationId);
  let code: number | null = null;
  if (await changed(link, operationId, interrupts)) {
    code = await run(command, handle);
    // it may have ended before the command: at its deadline, or because somebody cancelled it
    await handle
      .executeUpdate('done')
      .catch((error: unknown) => say(`The change had ended: ${(error as Error).message}`));
  } else await handle.cancel();
  const { runId } = await handle.describe();
  const outcome = await outcomeOf<ValidatorOverrideResult>(link.client, operationId, runId);
  if (outcome.kind === 'cancelled') return EXIT.interrupted;
  if (outcome.kind === 'failed') {
    const how =
      code === null ? 'The command was not run.' : `The command ended with ${code}, outside the change.`;
    throw new CommandError('OverrideExpired', `${outcome.message} ${how}`);
  }
  const { key, original, end } = outcome.result;
  if (end === 'reverted') say(`${key} is ${original} again.`);
  else say(`${key}: ${end} (\`lifeboat overrides list\`).`);
  return end === 'reverted' ? (code ?? EXIT.interrupted) : EXIT.failed;
}

/** Waits until the change was proved. @returns false when somebody did not want to wait, or it has ended */
async function changed(link: Link, operationId: string, interrupts: Interrupts): Promise<boolean> {
  for (;;) {
    const status = (await queryStatus(link.client, operationId)) as ValidatorOverrideStatus | undefined;
    if (status?.phase === 'changed') {
      say(
        `${status.key} is ${status.wanted}, before ${status.original ?? '?'}; until ${status.deadline ?? '?'} at the latest.`,
      );
      return true;
    }
    const { status: of } = await link.client.workflow.getHandle(operationId).describe();
    if (of.name !== 'RUNNING') return false;
    if ((await interrupts.next(LOOK_EVERY_MS)) !== null) return false;
  }
}

/** Signals of the terminal reach the command itself. */
async function run([program = '', ...args]: readonly string[], handle: WorkflowHandle): Promise<number> {
  const told = setInterval(() => {
    handle
      .signal('stillNeeded')
      .catch((error: unknown) => say(`The server cannot be told: ${(error as Error).message}`));
  }, TELL_EVERY_MS);
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(program, args, { stdio: 'inherit' });
      child.once('error', (error) =>
        reject(new CommandError('Usage', `${program} cannot be run: ${error.message}.`)),
      );
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    clearInterval(told);
  }
}
