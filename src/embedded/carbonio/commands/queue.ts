/** Commands about operations and notifications. */
import { formatDate } from '../dates';
import type { Host } from '../host';
import { fullText } from '../notifications';
import type { Operation } from '../operations/model';
import { Refusal } from '../refusal';
import { monitor } from './frame';
import { isTrue, type Command } from './spec';

/** Keys are those of a real sample. */
function live(host: Host, operation: Operation) {
  const { id, name, descName, state, parameters, queuedTime, startTime } = operation;
  return {
    ...(startTime === null ? {} : { startTime }),
    ...{ module: 'ZxBackup', name, descName, id, state, host: host.settings.host, parameters },
    ...{ monitorCommand: `carbonio backup monitor ${id}`, queuedTime },
  };
}

/** Keys are documented; values of `state` and `type` are so in part. */
function logged(host: Host, { id, name, state, startTime, queuedTime, parameters }: Operation) {
  const at = startTime ?? queuedTime;
  const type =
    state === 'Successful' || state === 'Stopped' || state === 'Removed'
      ? 'Finished'
      : state === 'Failed'
        ? 'Exception'
        : 'Started';
  const { serverId } = host.settings;
  return {
    id,
    name,
    module: 'ZxBackup',
    serverId,
    state,
    type,
    startTime: at,
    humanStartTime: formatDate(at),
    parameters,
  };
}

const list = (module: 'backup' | 'core'): Command => ({
  ...{ module, name: 'getAllOperations', mandatory: [], optional: { verbose: 'bool' }, output: 'documented' },
  about: 'Running and queued operations; as JSON documented, as text synthetic',
  run: ({ host }) => ({
    response: {
      operationList: host.queue.live().map((operation) => live(host, operation)),
      realTimeScanOperations: 0,
    },
  }),
});

const logOf = (name: string, about: string, chosen: (host: Host) => readonly Operation[]): Command => ({
  ...{ module: 'core', name, mandatory: [], optional: {}, output: 'documented', about },
  run: ({ host }) => ({ response: { operationList: chosen(host).map((one) => logged(host, one)) } }),
});

export const QUEUE_COMMANDS: readonly Command[] = [
  list('backup'),
  list('core'),
  {
    ...{ module: 'backup', name: 'doStopOperation', mandatory: ['operation_uuid'], optional: {} },
    ...{ output: 'documented', about: 'Stops a running operation, or takes a queued one out' },
    run: ({ host, values }) => {
      const id = values['operation_uuid'] ?? '';
      if (!host.queue.stop(id)) throw new Refusal(`no such operation: ${id}`);
      return { response: { [host.settings.host]: { ok: true } }, text: 'ok\n' };
    },
  },
  {
    ...{ module: 'backup', name: 'doStopAllOperations', mandatory: [], optional: {}, output: 'synthetic' },
    about: 'Stops what runs and empties the queue',
    run: ({ host }) => {
      host.queue.stopAll();
      return { response: { [host.settings.host]: { ok: true } }, text: 'ok\n' };
    },
  },
  {
    ...{ module: 'backup', name: 'monitor', mandatory: ['operation_uuid'], output: 'documented' },
    ...{ optional: { operation_host: 'text' }, about: 'Blocks of numbers until the operation ends' },
    run: async ({ host, values, gone, json, print }) => {
      const id = values['operation_uuid'] ?? '';
      if (host.queue.find(id) === undefined) throw new Refusal(`no such operation: ${id}`);
      await monitor(host, id, gone, json ? () => undefined : print);
      const ended = host.queue.find(id);
      return { response: ended === undefined ? {} : logged(host, ended), text: '' };
    },
  },
  logOf('getOperationLog', 'Operations that ended', (host) =>
    host.queue.log().filter(({ state }) => state !== 'Interrupted'),
  ),
  logOf('getUnfinishedOperationLog', 'Operations that run, and those that a crash ended', (host) => [
    ...host.queue.log().filter(({ state }) => state === 'Interrupted'),
    ...host.queue.live().filter(({ startTime }) => startTime !== null),
  ]),
  {
    ...{ module: 'core', name: 'getNotification', mandatory: [], optional: { id: 'text', verbose: 'bool' } },
    ...{
      output: 'documented',
      about: 'All notifications, or one with its text; the list and JSON are synthetic',
    },
    run: ({ host, values }) => {
      const { id, verbose } = values;
      if (id === undefined) {
        const notifications = host.notifications.list().map(({ text, ...rest }) => ({
          ...rest,
          date: formatDate(rest.date),
          ...(isTrue(verbose) ? { text } : {}),
        }));
        return { response: { notifications } };
      }
      const found = host.notifications.find(id);
      if (found === undefined) throw new Refusal(`no such notification: ${id}`);
      return { response: { ...found, date: formatDate(found.date) }, text: fullText(found) };
    },
  },
];
