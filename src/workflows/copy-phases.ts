/** The frame of a workflow that reads an offsite copy: its steps, its status, its page, and how its failures come out. */
import { setCurrentDetails, setHandler, type QueryDefinition } from '@temporalio/workflow';
import type { OperationName } from '../host/operation-dir';
import { unwrapFailure } from './failure';
import { transferSteps } from './offsite-sync';
import { operationName } from './operation-name';
import { patiently, type Patience } from './patience';

type Steps = ReturnType<typeof transferSteps>;

export interface CopyStatus<P extends string> {
  phase: P | 'ended';
  waiting: string | null;
}

interface Frame<P extends string> {
  readonly query: QueryDefinition<CopyStatus<P>>;
  readonly description: string;
  readonly phase: P;
  /** For the page: which copy, and where to. */
  readonly where: string;
}

export interface CopyRun<P extends string, I> {
  /** What every step is told. */
  readonly step: { readonly name: OperationName; readonly input: I };
  /** Runs one step in a phase, again while its line fails. */
  readonly at: <T>(phase: P, body: (steps: Steps) => Promise<T>) => Promise<T>;
}

export async function inPhases<
  P extends string,
  I extends { advanced: { attempts: number; heartbeatSeconds: number } },
  R,
>(
  { query, description, phase, where }: Frame<P>,
  input: I,
  body: (run: CopyRun<P, I>) => Promise<R>,
): Promise<R> {
  const { attempts, heartbeatSeconds } = input.advanced;
  const status: CopyStatus<P> = { phase, waiting: null };
  setHandler(query, () => status, { description });
  const begin = (change: Partial<CopyStatus<P>>): void => {
    Object.assign(status, change);
    const waiting = status.waiting === null ? '' : `\n\nWaiting: ${status.waiting}`;
    setCurrentDetails(`**Phase: ${status.phase}**${waiting}\n\n${where}`);
  };
  const steps = transferSteps(heartbeatSeconds);
  const patience: Patience = { attempts, waits: (waiting) => begin({ waiting }) };
  try {
    const result = await body({
      step: { name: operationName(), input },
      at: (next, run) => {
        begin({ phase: next });
        return patiently(patience, () => run(steps));
      },
    });
    begin({ phase: 'ended' });
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  }
}
