/** Restores the items that the mail host refused, with its LMTP validator changed meanwhile. */
import { continueAsNew, defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { InvalidPlan } from '../activities/invalid';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../contracts/external-restore';
import { parseInput } from '../contracts/input';
import type { TurnCarry, TurnOwner } from '../contracts/operation-queue';
import { settingText, VALIDATOR_SLOT } from '../contracts/override';
import {
  restoreInvalidItemsExample,
  restoreInvalidItemsInput,
  type RestoreInvalidItemsInput,
  type RestoreInvalidItemsRequest,
  type RestoreInvalidItemsResult,
  type RestoreInvalidItemsStatus,
} from '../contracts/restore-invalid-items';
import { stepsOf } from './external-restore';
import { unwrapFailure } from './failure';
import { operationName } from './operation-name';
import { withOverride } from './override';
import { restoreAsChild, restoreIdOf } from './retry-unrestored';
import { thisOperation, turnOfAncestor, withTurn, type Waiting } from './turn';

export const invalidStatusQuery = defineQuery<RestoreInvalidItemsStatus>('status');

type Show = (next: Partial<RestoreInvalidItemsStatus>) => void;

export async function restoreInvalidItems(
  raw: RestoreInvalidItemsRequest,
): Promise<RestoreInvalidItemsResult> {
  const input = parseInput(restoreInvalidItemsInput, raw, restoreInvalidItemsExample);
  const { turn, turnOf, ...rest } = input;
  const show = showing();
  const { patient } = stepsOf(input);
  const name = operationName();
  try {
    const inTurnOf = turnOf && turnOfAncestor(turnOf);
    // a mistake is told before it waits
    const plan = await patient.planInvalid({ name, input: rest });
    show(shownOf(plan));
    if (input.dryRun || plan.restore === null) {
      show({ phase: 'ended' });
      return resultOf(name.operationId, plan, input.dryRun ? 'planned' : 'completed');
    }
    const { restore } = plan;
    if (inTurnOf) return await retry(plan, restore, inTurnOf, input, show);
    return await withTurn(
      {
        kind: 'Restore of invalid items',
        carry: turn,
        onWaiting: (waiting) => show(queuedOf(waiting)),
        continueAsNewAfterEvents: null,
        renew: (carry: TurnCarry) => continueAsNew<typeof restoreInvalidItems>({ ...raw, turn: carry }),
      },
      () => retry(plan, restore, thisOperation(), input, show),
    );
  } catch (error) {
    throw unwrapFailure(error);
  }
}

const queuedOf = (waiting: Waiting | null): Partial<RestoreInvalidItemsStatus> => {
  if (waiting === null) return { queue: null };
  const { position, queued, waitsFor } = waiting;
  return { phase: 'queued', queue: { position, queued, waitsFor } };
};

/** In the turn: changes the validator if that helps, restores, puts it back, counts. */
async function retry(
  plan: InvalidPlan,
  request: ExternalRestoreRequest,
  turn: TurnOwner,
  input: RestoreInvalidItemsInput,
  show: Show,
): Promise<RestoreInvalidItemsResult> {
  const { operationId } = thisOperation();
  const restore = (): Promise<ExternalRestoreResult> => {
    show({ phase: 'restoring', restore: restoreIdOf(operationId) });
    return restoreAsChild(
      operationId,
      { ...request, turnOf: turn },
      `Restore of ${plan.items} invalid items`,
    );
  };
  const changed = shownOf(plan).change;
  let done: { result: ExternalRestoreResult; change: RestoreInvalidItemsResult['change'] };
  if (plan.change === null || changed === null) done = { result: await restore(), change: null };
  else {
    show({ phase: 'changing the validator' });
    const { result, original, end } = await withOverride(
      { slot: VALIDATOR_SLOT, ...plan.change, deadlineSeconds: input.deadlineSeconds },
      async (applied) => {
        const before = settingText(applied.original);
        show({ change: { ...changed, before }, deadline: new Date(applied.deadline).toISOString() });
        const ended = await restore();
        show({ phase: 'going back' });
        return ended;
      },
    );
    const note = end.outcome === 'reverted' && end.note !== undefined ? `; ${end.note}` : '';
    const went = end.outcome === 'pending' ? 'reload pending' : `${end.outcome}${note}`;
    done = { result, change: { ...changed, before: settingText(original), end: went } };
    show({ change: done.change, deadline: null });
  }
  return report(plan, done.result, done.change, input, show);
}

async function report(
  plan: InvalidPlan,
  { operationId: restore, reportDir }: ExternalRestoreResult,
  change: RestoreInvalidItemsResult['change'],
  input: RestoreInvalidItemsInput,
  show: Show,
): Promise<RestoreInvalidItemsResult> {
  show({ phase: 'counting' });
  const { operationId } = thisOperation();
  const result = { ...resultOf(operationId, plan, 'partial'), change, restore, reportDir };
  const { list } = plan;
  const counts = await stepsOf(input).patient.reportInvalid({ list: list ?? '', reportDir, result });
  const isBack = change?.end !== 'reload pending';
  show({ phase: 'ended' });
  return { ...result, ...counts, status: counts.unrestored === 0 && isBack ? 'completed' : 'partial' };
}

function resultOf(
  operationId: string,
  plan: InvalidPlan,
  status: RestoreInvalidItemsResult['status'],
): RestoreInvalidItemsResult {
  const { items, accounts, why, list } = plan;
  return {
    ...{ status, operationId, items, restored: 0, unrestored: 0, stillInvalid: 0 },
    ...{ longestLine: plan.longest, accounts, change: shownOf(plan).change, why },
    ...{ restore: null, reportDir: null, list },
  };
}

const shownOf = ({ items, longest, change }: InvalidPlan) => ({
  items,
  longestLine: longest,
  change: change && { key: change.key, value: settingText(change.wanted), before: null, end: null },
});

/** The status query, and the page of the Temporal UI. */
function showing(): Show {
  let status: RestoreInvalidItemsStatus = {
    ...{ phase: 'reading the report', items: null, longestLine: null, change: null },
    ...{ deadline: null, restore: null, queue: null },
  };
  setHandler(invalidStatusQuery, () => status, {
    description: 'Phase, what is changed on the mail host, and which operation restores. No input.',
  });
  const show: Show = (next) => {
    status = { ...status, ...next };
    setCurrentDetails(details(status).join('\n'));
  };
  show({});
  return show;
}

function details({
  phase,
  items,
  longestLine,
  change,
  deadline,
  restore,
  queue,
}: RestoreInvalidItemsStatus): string[] {
  const before = change === null || change.before === null ? '' : `, before ${change.before}`;
  const until = deadline === null ? '' : `, until ${deadline} at the latest`;
  return [
    `**Phase: ${phase}**`,
    '',
    `- items: ${items ?? 'not counted'}`,
    ...(longestLine === null ? [] : [`- longest line: ${longestLine.bytes} bytes`]),
    ...(change === null
      ? []
      : [
          `- \`${change.key}\`: ${change.value}${before}${until}${change.end === null ? '' : `; ${change.end}`}`,
        ]),
    ...(restore === null ? [] : [`- by the operation \`${restore}\`, which shows its progress`]),
    ...(queue === null
      ? []
      : [`- position ${queue.position} of ${queue.queued} in the operation queue of its host`]),
  ];
}
