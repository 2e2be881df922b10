/** How training patches are made from in-focus images; every range is documented where it is used. */
export interface Recipe {
  /** Patches of one batch; a multiple of `patchesPerRegion * 4`. */
  readonly batchSize: number;
  /** Crops taken from one blurred region at one level. */
  readonly patchesPerRegion: number;
  /** Factor on the signal, log-uniform (the original's augmentation). */
  readonly gain: readonly [number, number];
  /** Counts added, log-uniform (the original's augmentation). */
  readonly offsetCounts: readonly [number, number];
  /** Share of regions whose counts are taken as published; the others are scaled to fill a bit depth. */
  readonly asPublishedShare: number;
  /** Light of a region that is taken as published, relative to its recording, log-uniform: few counts are met too. */
  readonly exposure: readonly [number, number];
  /** Share of regions without photon and read noise: a bright or averaged recording. */
  readonly noiseFreeShare: number;
  /** Photoelectrons of the brightest structures of a region, log-uniform. */
  readonly peakElectrons: readonly [number, number];
  /** Read noise, electrons, uniform. */
  readonly readNoiseElectrons: readonly [number, number];
  /** Share of the bit depth that the brightest structures fill before the gain, log-uniform. */
  readonly fill: readonly [number, number];
  /** Bit depths that a recording may have; one is drawn for each region. */
  readonly bitDepths: readonly number[];
  /** Even background light under the structures, share of their brightness, uniform. */
  readonly background: readonly [number, number];
  /** Share of patches that get uneven illumination, and its largest slope across a patch. */
  readonly unevenShare: number;
  readonly unevenSlope: number;
  /** Share of patches taken where they fall; the others are the liveliest of three tries. */
  readonly anywhereShare: number;
}

export const DEFAULT_RECIPE: Recipe = {
  batchSize: 64,
  patchesPerRegion: 4,
  gain: [0.2, 5],
  offsetCounts: [1, 1000],
  asPublishedShare: 0.7,
  exposure: [0.15, 1],
  noiseFreeShare: 0.4,
  peakElectrons: [100, 30000],
  readNoiseElectrons: [0, 3],
  fill: [0.03, 0.8],
  bitDepths: [8, 12, 16],
  background: [0, 0.3],
  unevenShare: 0.2,
  unevenSlope: 0.3,
  anywhereShare: 0.2,
};
