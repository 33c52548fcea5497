/** Activities of a verification. The reading is done by threads of their own. */
import { cancellationSignal } from '@temporalio/activity';
import type { Config } from '../config';
import type { VerifyResult } from '../contracts/verify';
import {
  findingsIn,
  type SliceAnswer,
  type VerificationRequest,
  type VerificationSlice,
} from '../verification/model';
import { checkedIn, writeVerifyReport } from '../verification/report';
import { PHASES, verifySlice } from '../verification/slice';
import { toFailure } from './failure';
import { beating } from './beating';

export function createVerifyActivities(config: Config) {
  return {
    /** Verifies for at most `seconds`, from where the last work unit stopped. */
    async verifySlice(input: {
      request: VerificationRequest;
      slice: VerificationSlice;
    }): Promise<SliceAnswer> {
      return beating(async (onProgress) => {
        const signal = cancellationSignal();
        try {
          return await verifySlice(config.stateDir, input.request, input.slice, {
            signal,
            onProgress: ({ phase, done, total }) =>
              onProgress({ step: PHASES[phase], done, total, unit: 'folders' }),
          });
        } catch (error) {
          // in the middle of a blob: the unit is not done
          if (signal.aborted) throw signal.reason as Error;
          throw toFailure(error);
        }
      });
    },

    /** Writes verify.json and verify.txt. */
    async finishVerify(input: {
      request: VerificationRequest;
      slices: number;
      last: SliceAnswer;
    }): Promise<VerifyResult> {
      const { request, slices, last } = input;
      const { sourcePath, accounts, sample } = request.input;
      const parts = [
        ...(accounts.length === 0 ? [] : [`${accounts.length} of its accounts`]),
        ...(sample === null ? [] : [`${sample} % of the blobs`]),
      ];
      try {
        const head = { sourcePath, part: parts.length === 0 ? null : parts.join(', ') };
        await beating(() => writeVerifyReport(head, slices, last));
      } catch (error) {
        throw toFailure(error);
      }
      const { blobs, items, bytes, orphans, reportDir, findings } = last;
      return {
        status: findingsIn(findings) === 0 ? 'clean' : 'findings',
        operationId: request.operationId,
        checked: checkedIn(last),
        blobs,
        items,
        accounts: last.accounts,
        bytes,
        orphans,
        read: findings.read,
        broken: findings.broken,
        invalid: findings.invalid,
        doubleGzipped: findings['double-gzipped'],
        reportDir,
      };
    },
  };
}
