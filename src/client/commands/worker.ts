/** `lifeboat worker`: carries out the operations that a Temporal server holds. */
import { loadConfig } from '../../config';
import { createLogger, installRuntime } from '../../log';
import { startWorker } from '../../worker';
import { EXIT } from '../exit-codes';
import { Interrupts } from '../interrupts';
import { connectToServer } from '../server';

export async function worker(options: { stateDir?: string }): Promise<number> {
  const config = loadConfig(process.env, options);
  const interrupts = new Interrupts();
  try {
    const link = await connectToServer(config.stateDir);
    await link.close();
    const { place } = link;
    const logger = createLogger({ level: config.logLevel, file: null });
    installRuntime(logger, config.logLevel, config.metricsAddress);
    const running = await startWorker(config, place.embedded ? place.address : undefined);
    const { address, namespace } = place;
    const { taskQueue, host, stateDir } = config;
    logger.info(
      { address, namespace, taskQueue, host, stateDir },
      `connected to ${address}, serving the task queue ${taskQueue}`,
    );
    const signal = await Promise.race([interrupts.next(Infinity), running.ended]);
    interrupts.endAtOnceOnNext();
    if (signal) logger.info({ signal }, 'stopping: running steps end at their next item');
    await running.stop();
    logger.info('stopped');
    return EXIT.done;
  } finally {
    interrupts.dispose();
  }
}
