/** Activities of restoring items that the mail host refused. */
import { log } from '@temporalio/activity';
import type { Config } from '../config';
import type { Setting } from '../contracts/override';
import type { RestoreInvalidItemsInput, RestoreInvalidItemsResult } from '../contracts/restore-invalid-items';
import { Problem } from '../failures';
import type { OperationName } from '../host/operation-dir';
import { lineLimitOf, withLineLimit } from '../mail/line-limit';
import { changeFor, neededLimit, type ChangeForLines } from '../overrides/for-lines';
import { HostOverrides } from '../overrides/host';
import { meetsValidator } from '../overrides/meets-validator';
import { ruleBehind } from '../overrides/rule-behind';
import type { InvalidSurvey } from '../restore/invalid';
import { beating } from './beating';
import { toFailure } from './failure';
import { hostLog } from './host-log';
import { step } from './restore';

export interface InvalidPlan extends InvalidSurvey {
  readonly change: { readonly key: string; readonly wanted: Setting } | null;
  readonly why: string;
}

export function createInvalidActivities(config: Config) {
  const { stateDir, defaultTarget, secretsDir } = config;
  const settings = { stateDir, defaultTarget, secretsDir };
  const overrides = new HostOverrides(config, hostLog(log));

  async function onHost(survey: InvalidSurvey, input: RestoreInvalidItemsInput): Promise<InvalidPlan> {
    const change: ChangeForLines = changeFor(survey.longest, input, await ruleBehind(overrides));
    if (change.change !== null) requireProbes(config);
    return { ...survey, ...change };
  }

  return {
    /** Reads the report and the items, writes the list of them, and decides what is to be changed. Changes nothing. */
    async planInvalid({
      name,
      input,
    }: {
      name: OperationName;
      input: RestoreInvalidItemsInput;
    }): Promise<InvalidPlan> {
      const survey = await step('surveyInvalid', { name, input, settings });
      return beating(async () => {
        try {
          if (survey.restore === null)
            return { ...survey, change: null, why: 'the report names no such item' };
          if (meetsValidator(survey.target, config.carbonio, config.host)) return await onHost(survey, input);
          return inTarget(survey, input);
        } catch (error) {
          throw toFailure(error);
        }
      });
    },

    /** What is left of the items, from the report of their restore; writes invalid-items.txt beside it. */
    async reportInvalid(input: {
      list: string;
      reportDir: string;
      result: RestoreInvalidItemsResult;
    }): Promise<Pick<RestoreInvalidItemsResult, 'restored' | 'unrestored' | 'stillInvalid'>> {
      return step('reportInvalid', input);
    },
  };
}

/** @throws Problem `ProbeRefused`: a change that cannot be proved would go back at once */
export function requireProbes({ carbonio }: Pick<Config, 'carbonio'>): void {
  if (carbonio.probeRecipient !== null) return;
  const what =
    'The validator is changed only where that can be proved, and LIFEBOAT_PROBE_RECIPIENT of the worker names no mailbox for test messages.';
  throw new Problem('ProbeRefused', what);
}

/** A folder has a limit only in its own name, where it is raised: no setting of a host is changed. */
function inTarget(survey: InvalidSurvey, { disable, lineLimit }: RestoreInvalidItemsInput): InvalidPlan {
  const { target, longest, restore } = survey;
  const none = { change: null, why: 'the target never meets the LMTP validator of the mail host' };
  const limit = target === null ? null : lineLimitOf(target);
  if (target === null || restore === null || limit === null) return { ...survey, ...none };
  const raised = disable ? null : Math.max(limit, neededLimit(longest, lineLimit));
  const url = withLineLimit(target, raised);
  const why = `${none.why}; its own limit of ${limit} bytes is ${raised === null ? 'left out' : `${raised} this time`}`;
  return { ...survey, target: url, restore: { ...restore, target: url }, change: null, why };
}
