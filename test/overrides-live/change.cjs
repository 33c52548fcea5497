'use strict';
/**
 * Changes the validator's line limit for a while, as a worker does, in a process that a test kills meanwhile.
 *
 *   node change.cjs <new limit>
 */
const { loadConfig } = require('../../dist/config.js');
const { VALIDATOR_SLOT } = require('../../dist/contracts/override.js');
const { HostOverrides } = require('../../dist/overrides/host.js');
const { applyOverride } = require('../../dist/overrides/override.js');

const quiet = { debug: () => undefined, warn: () => undefined };
const overrides = new HostOverrides(loadConfig(process.env), quiet);
const wish = {
  slot: VALIDATOR_SLOT,
  key: 'zimbra_lmtp_max_line_length',
  wanted: { set: true, value: process.argv[2] },
  holder: { realm: 'r', operationId: 'killed', firstRunId: '1' },
  deadline: Date.now() + 3_600_000,
};
applyOverride(overrides.journal, overrides.port(VALIDATOR_SLOT), wish, async () => undefined).catch(
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
