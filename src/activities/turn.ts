/** Activities of an operation that wants the turn on its host: ask for it, look where it stands, give it back. */
import { getClient } from '@temporalio/activity';
import { Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config';
import { queueIdOf, type TurnOwner, type TurnPlace } from '../contracts/operation-queue';
import { beating } from './beating';
import { toFailure } from './failure';
import type { HostWork } from './host-work';
import { lookEverySeconds, type TurnWish } from './turn-desk';

export interface TurnAnswer extends TurnPlace {
  /** After how long to look again, seconds. */
  readonly pollSeconds: number;
}

/** A worker that is alive answers in milliseconds. */
const ANSWER_WITHIN_MS = 3_000;
export function createTurnActivities(config: Config, work: HostWork) {
  const queueId = queueIdOf(config.host);

  const answer = (place: TurnPlace): TurnAnswer => ({
    ...place,
    pollSeconds: lookEverySeconds(config, place.queued),
  });

  return {
    /** Gets a place in the line of this host, making its queue if there is none. Asked again, it is the same place. */
    async requestTurn(wish: TurnWish): Promise<TurnAnswer> {
      return beating(async () => answer(await work.desk.request(wish)));
    },

    /** Where the operation stands; `unknown` when the queue was lost. */
    async askTurn(owner: TurnOwner): Promise<TurnAnswer | 'unknown'> {
      const { connection, options } = getClient();
      const { namespace } = options;
      // what a queue that has ended knew is no answer
      const client = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });
      try {
        const place = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          client.workflow.getHandle(queueId).query<TurnPlace | null, [TurnOwner]>('turnPlace', owner),
        );
        return place === null ? 'unknown' : answer(place);
      } catch (error) {
        if (error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError) return 'unknown';
        throw error;
      }
    },

    /** Gives the turn back, or the place in the line. */
    async endTurn(owner: TurnOwner): Promise<void> {
      try {
        await work.lock.forget(work.ownerOf(owner));
      } catch (error) {
        throw toFailure(error);
      }
      try {
        await getClient().workflow.getHandle(queueId).signal('turnEnded', owner);
      } catch (error) {
        // then there is nothing to give back
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}
