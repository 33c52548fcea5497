/** The SDK changes a schedule as a whole and sends no conflict token: a pause of the same moment would be undone. */
import { ScheduleClient, type Client, type WorkflowService } from '@temporalio/client';

type Describe = (
  request: Parameters<WorkflowService['describeSchedule']>[0],
) => ReturnType<WorkflowService['describeSchedule']>;
type Update = (
  request: Parameters<WorkflowService['updateSchedule']>[0],
) => ReturnType<WorkflowService['updateSchedule']>;

/**
 * A client for one change: the server passes it over, without a word, when the schedule was changed since this client
 * last looked at it.
 */
export function guardedSchedules({ schedule }: Client): ScheduleClient {
  const { connection, workflowService, options } = schedule;
  let conflictToken: Uint8Array | null = null;
  const describeSchedule: Describe = async (request) => {
    const answer = await workflowService.describeSchedule(request);
    conflictToken = answer.conflictToken;
    return answer;
  };
  const updateSchedule: Update = (request) => workflowService.updateSchedule({ ...request, conflictToken });
  const service: object = Object.create(workflowService, {
    describeSchedule: { value: describeSchedule },
    updateSchedule: { value: updateSchedule },
  }) as object;
  const guarded = Object.create(connection, { workflowService: { value: service } }) as typeof connection;
  return new ScheduleClient({
    connection: guarded,
    namespace: options.namespace,
    identity: options.identity,
  });
}
