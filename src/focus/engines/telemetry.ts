/**
 * Keeps ONNX Runtime (1.30) from telling Microsoft which models run on which machine, and from keeping what it has to tell, with a number of
 * the machine, in the user's own folder. To be called before the first session of the process, and outside of threads that
 * Node gives variables of their own: native code sees those of the process. Who has set the variable has decided.
 */
export function withoutTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
}
