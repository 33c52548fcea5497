/** `lifeboat dev`: everything that a restore needs on one machine, until Ctrl-C. */
import { loadConfig } from '../../config';
import { openEmbedded, type EmbeddedSession } from '../embedded';
import { EXIT } from '../exit-codes';
import { Interrupts } from '../interrupts';
import { print, say } from '../output';
import { shellWord } from '../../report/format';

export interface DevOptions {
  stateDir?: string;
  port?: number;
  uiPort?: number;
}

const LOOK_EVERY_MS = 1000;

export async function dev({ stateDir, port, uiPort }: DevOptions): Promise<number> {
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  const interrupts = new Interrupts();
  const ports = { ...(port === undefined ? {} : { port }), ...(uiPort === undefined ? {} : { uiPort }) };
  const session = await openEmbedded(config, ports, config.metricsAddress);
  try {
    introduce(session, config.stateDir, config.taskQueue);
    if (!session.server.started && Object.keys(ports).length > 0) {
      say('The server of this state folder runs already; its ports stay as they are.');
    }
    while ((await interrupts.next(LOOK_EVERY_MS)) === null) session.expectAlive();
    say('Stopping: running steps end at their next item, and go on when a worker is back.');
    return EXIT.done;
  } finally {
    interrupts.endAtOnceOnNext();
    await session.close();
    interrupts.dispose();
  }
}

function introduce({ server, logFile }: EmbeddedSession, stateDir: string, taskQueue: string): void {
  print(
    [
      `Temporal server: ${server.address}`,
      `Web interface:   ${server.uiUrl}`,
      `State folder:    ${stateDir}`,
      `Log:             ${logFile}`,
      '',
      'Start a restore in another terminal:',
      `  lifeboat restore /mnt/old --target maildir:/srv/mail --state-dir ${shellWord(stateDir)}`,
      'or in the web interface: Start Workflow, with',
      `  task queue ${taskQueue}, workflow type externalRestore, and the input of \`lifeboat example externalRestore\``,
      '',
      'Ctrl-C stops the server and the worker. What is running goes on the next time.',
    ].join('\n'),
  );
}
