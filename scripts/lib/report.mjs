/** How the scripts speak: plain lines to stderr, failures as one message that says what to do, no stack trace. */

/** A failure that a person can act on. Anything else that is thrown is a defect and keeps its stack. */
export class SetupError extends Error {}

let quiet = false;

export function setQuiet(value) {
  quiet = value;
}

/** Says what is being done; silent with `--quiet`. */
export function say(text) {
  if (!quiet) process.stderr.write(`${text}\n`);
}

/** Says what the user must know even with `--quiet`. */
export function warn(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a script's body; its number becomes the exit code. */
export async function runScript(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.stderr.write(error instanceof SetupError ? `${error.message}\n` : `${error.stack}\n`);
    process.exitCode = 1;
  }
}
