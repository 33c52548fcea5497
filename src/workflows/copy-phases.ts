/** The frame of a workflow that reads an offsite copy: its status, its page, and how its failures come out. */
import { setCurrentDetails, setHandler, type QueryDefinition } from '@temporalio/workflow';
import { unwrapFailure } from './failure';

export interface CopyStatus<P extends string> {
  phase: P | 'ended';
  waiting: string | null;
}

export type Begin<P extends string> = (change: Partial<CopyStatus<P>>) => void;

interface Frame<P extends string> {
  readonly query: QueryDefinition<CopyStatus<P>>;
  readonly description: string;
  readonly phase: P;
  /** For the page: which copy, and where to. */
  readonly where: string;
}

export async function inPhases<P extends string, R>(
  { query, description, phase, where }: Frame<P>,
  body: (begin: Begin<P>) => Promise<R>,
): Promise<R> {
  const status: CopyStatus<P> = { phase, waiting: null };
  setHandler(query, () => status, { description });
  const begin: Begin<P> = (change) => {
    Object.assign(status, change);
    const waiting = status.waiting === null ? '' : `\n\nWaiting: ${status.waiting}`;
    setCurrentDetails(`**Phase: ${status.phase}**${waiting}\n\n${where}`);
  };
  try {
    const result = await body(begin);
    begin({ phase: 'ended' });
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  }
}
