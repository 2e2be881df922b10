/** One line of the table; times in ms, of one frame. */
export interface Row {
  readonly benchmark: string;
  /** Rows x columns, px. */
  readonly size: string;
  readonly network?: string;
  readonly patches?: string;
  readonly engine: string;
  readonly threads: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
