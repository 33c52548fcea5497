'use strict';
/**
 * A worker of the product as a process of its own, with the workflows of the tests and the step `work` beside its own.
 * `work` does what every step of a restore does (come in by the lock of the host, leave it), and writes a line each
 * 20 ms into LIFEBOAT_TEST_LOG: who worked when can be read there.
 */
const { appendFileSync, existsSync } = require('node:fs');
const { heartbeat, sleep } = require('@temporalio/activity');
const { createQueueActivities } = require('../../dist/activities/queue.js');
const { loadConfig } = require('../../dist/config.js');
const { createLogger, installRuntime } = require('../../dist/log.js');
const { startWorker } = require('../../dist/worker.js');

const line = (turn, what) =>
  appendFileSync(process.env.LIFEBOAT_TEST_LOG, `${Date.now()} ${turn.operationId} ${what} ${process.pid}\n`);

const activities = (host) => ({
  /** The product's own; with LIFEBOAT_TEST_GRANT_AFTER it waits for that file before it looks at anything. */
  async grantTurn(input) {
    const file = process.env.LIFEBOAT_TEST_GRANT_AFTER;
    while (file && !existsSync(file)) {
      heartbeat();
      await sleep(50);
    }
    return createQueueActivities(host).grantTurn(input);
  },
  async work({ turn, ms, until: file }) {
    const timer = setInterval(() => heartbeat(), 200);
    try {
      await host.during(
        { ...turn, kind: 'Test' },
        null,
        () => undefined,
        async () => {
          line(turn, 'start');
          try {
            for (const until = Date.now() + ms; Date.now() < until && !(file && existsSync(file));) {
              await sleep(Math.min(20, until - Date.now()));
              line(turn, 'tick');
            }
          } finally {
            line(turn, 'end');
          }
        },
      );
    } finally {
      clearInterval(timer);
    }
  },
});

async function main() {
  const config = loadConfig(process.env);
  installRuntime(createLogger({ level: 'warn', file: null }), 'warn', null);
  const worker = await startWorker(config, undefined, {
    bundle: process.env.LIFEBOAT_TEST_BUNDLE,
    activities,
  });
  process.stdout.write('ready\n');
  process.once('SIGTERM', () => void worker.stop());
  await worker.ended;
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
