'use strict';
/**
 * A command that uses the embedded server, as a process of its own, for the tests.
 *
 *   node member.cjs <state folder>
 *
 * Prints one line of JSON when it has joined; leaves when its stdin says so, and ends.
 */
const { once } = require('node:events');
const { joinServer } = require('../../dist/embedded/shared-server.js');

async function main() {
  const server = await joinServer(process.argv[2], { fast: true });
  process.stdout.write(`${JSON.stringify({ ...server, pid: process.pid })}\n`);
  await once(process.stdin, 'data');
  await server.leave();
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.type}: ${error.message}\n`);
    process.exit(1);
  },
);
