/** Saves what can be had of items that could not be restored. */
import { defineQuery, isCancellation, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { ExternalRestoreRequest } from '../contracts/external-restore';
import { parseInput } from '../contracts/input';
import {
  rescueItemsExample,
  rescueItemsInput,
  type RescueItemsInput,
  type RescueItemsRequest,
  type RescueItemsResult,
  type RescueItemsStatus,
} from '../contracts/rescue-items';
import type { RescuePlan } from '../rescue/model';
import { stepsOf } from './external-restore';
import { failureMessage, unwrapFailure } from './failure';
import { operationName } from './operation-name';
import { restoreAsChild } from './retry-unrestored';

export const rescueStatusQuery = defineQuery<RescueItemsStatus>('status');

type Injection = Pick<RescueItemsResult, 'injected' | 'injectionFailure'>;

export async function rescueItems(raw: RescueItemsRequest): Promise<RescueItemsResult> {
  const input = parseInput(rescueItemsInput, raw, rescueItemsExample);
  const name = operationName();
  const status: RescueItemsStatus = {
    phase: 'listing',
    items: 0,
    done: 0,
    intact: 0,
    olderState: 0,
    noContent: 0,
    salvaged: 0,
    lost: 0,
  };
  setHandler(rescueStatusQuery, () => status, { description: 'Phase and counts of this rescue. No input.' });
  const begin = (phase: RescueItemsStatus['phase']): void => {
    status.phase = phase;
    show(status);
  };
  begin('listing');
  try {
    const { patient } = stepsOf(input);
    const plan = await patient.planRescue({ name, input });
    status.items = plan.items;
    begin('rescuing');
    let slices = 0;
    for (; status.done < plan.items; slices++) {
      const {
        done,
        intact,
        olderState,
        salvaged,
        lost,
        noContent = 0,
      } = await patient.rescueSlice({
        plan,
        slice: slices,
        from: status.done,
        seconds: input.advanced.sliceSeconds,
        inject: input.inject,
      });
      status.done = done;
      status.intact += intact;
      status.olderState += olderState;
      status.salvaged += salvaged;
      status.lost += lost;
      status.noContent += noContent;
      show(status);
    }
    begin('index');
    const { intact, olderState, salvaged, lost, noContent } = status;
    const counts = { intact, olderState, salvaged, lost, noContent };
    await patient.writeRescueIndex({ name, plan, slices, counts });
    begin('injecting');
    const injection = await inject(name.operationId, input, plan, status.done - lost - noContent);
    begin('ended');
    const whole =
      salvaged + lost === 0 &&
      injection.injectionFailure === undefined &&
      !(injection.injected?.unrestored ?? 0);
    return {
      status: whole ? 'completed' : 'partial',
      operationId: name.operationId,
      items: plan.items,
      ...counts,
      outputDir: plan.outputDir,
      ...injection,
    };
  } catch (error) {
    throw unwrapFailure(error);
  }
}

/**
 * Everything that writes into the target: a restore of the small Backup Path that holds what was rescued. The files
 * are there whatever becomes of it, so its failure is told, and fails nothing.
 */
async function inject(
  operationId: string,
  { inject: wanted, advanced }: RescueItemsInput,
  plan: RescuePlan,
  rescued: number,
): Promise<Injection> {
  if (!wanted || rescued === 0) return { injected: null };
  const restore: ExternalRestoreRequest = {
    sourcePath: `${plan.dir}/store`,
    ...(plan.target === null ? {} : { target: plan.target }),
    filterDeleted: false,
    skipAliases: true,
    skipCoses: true,
    skipDistributionLists: true,
    // into accounts that are there; making them is the business of a restore
    skipAccountProvisioning: true,
    skipDomainProvisioning: true,
    restoreDatasource: false,
    advanced: { heartbeatSeconds: advanced.heartbeatSeconds },
  };
  try {
    const { restored, skipped, unrestored, reportDir } = await restoreAsChild(
      operationId,
      restore,
      'Injection of rescued items',
    );
    const left = rescued - restored - skipped - unrestored;
    const why = `${left} items could not be handed to the restore: their account_info cannot be used, or they have no mail address`;
    return {
      injected: { restored, skipped, unrestored, reportDir },
      ...(left > 0 ? { injectionFailure: why } : {}),
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { injected: null, injectionFailure: failureMessage(error) };
  }
}

/** The page of the Temporal UI. */
function show({ phase, items, done, intact, olderState, salvaged, lost }: RescueItemsStatus): void {
  setCurrentDetails(
    [
      `**Phase: ${phase}**`,
      '',
      `- items: ${done} of ${items}`,
      `- ${intact} intact, ${olderState} in an earlier state, ${salvaged} salvaged in part, ${lost} lost`,
    ].join('\n'),
  );
}
