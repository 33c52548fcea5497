/** A command, or an operation, that the stand-in refuses: shown to its user as an error of the real tool would be. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
