/** Exit codes of every command; docs/commands.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The command could not do its work. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Some files were scored and some could not be. */
  someFilesFailed: 3,
  /** Stopped by a signal before the end; what was done is kept. */
  interrupted: 130,
} as const;
