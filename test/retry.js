'use strict';
/**
 * Many tests kill real processes at real moments, and a machine that pauses can make one miss its moment. Where nobody
 * watches (CI) such a test is run once more, and the failure before is shown; a defect fails both times.
 */
if (process.env.CI === 'true') jest.retryTimes(1, { logErrorsBeforeRetry: true });
