/** Whether a Temporal server answers. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '@temporalio/client';

const NAMESPACE = 'default';

/** Something listens. Asked first, because gRPC, once refused, waits a whole second before it tries again. */
function listens(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

async function serves(address: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  const connection = Connection.lazy({ address, connectTimeout: withinMs });
  try {
    await connection.ensureConnected();
    const { workflowService } = connection;
    await connection.withDeadline(deadline, () =>
      workflowService.describeNamespace({ namespace: NAMESPACE }),
    );
    return true;
  } catch {
    // Not yet, or never: the caller decides by the clock, and says what it waited for.
    return false;
  } finally {
    await connection.close();
  }
}

/**
 * Waits until the server at this address serves the namespace `default`.
 *
 * @param address `host:port`
 * @param worthwhile asked before each try; false ends the waiting, with the answer false.
 * @returns false when it did not within `withinMs`.
 */
export async function answers(
  address: string,
  withinMs: number,
  worthwhile: () => boolean = () => true,
): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (worthwhile()) {
    const left = until - Date.now();
    if (left <= 0) return false;
    if ((await listens(address)) && (await serves(address, Math.min(left, 5000)))) return true;
    await sleep(50);
  }
  return false;
}
