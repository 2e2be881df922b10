/** How training patches are made from in-focus images; every range is documented where it is used. */
export interface Recipe {
  /** Patches of one batch; a multiple of `patchesPerRegion * 4`. */
  readonly batchSize: number;
  /** Crops taken from one blurred region at one level. */
  readonly patchesPerRegion: number;
  /** Share of regions that are shown larger than recorded, as an objective that oversamples does, and how much larger. */
  readonly enlargedShare: number;
  readonly enlargement: readonly [number, number];
  /** Share of regions that show beads or spots instead of an image. */
  readonly spotsShare: number;
  /** Share of regions blurred to a whole level by the paper's optics; the others meet any level and other optics. */
  readonly wholeLevelShare: number;
  /** Kernels of other optics and levels between the whole ones: see `blurs`. */
  readonly otherBlurs: number;
  /** Their pixel, relative to that which samples the aperture as the reference optics does, log-uniform. */
  readonly pixels: readonly [number, number];
  /** Spherical aberration of the other optics, waves of the balanced Zernike term, uniform. */
  readonly sphericalWaves: readonly [number, number];
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
  /** Share of regions shown as a stain that absorbs, bright all around, and its optical density, uniform. */
  readonly absorbingShare: number;
  readonly density: readonly [number, number];
  /** Share of patches that get uneven illumination, and its largest slope across a patch. */
  readonly unevenShare: number;
  readonly unevenSlope: number;
  /** Share of patches taken where they fall; the others are the liveliest of three tries. */
  readonly anywhereShare: number;
  /** Share of patches that went through a program after the camera: median, smoothing, JPEG. */
  readonly processedShare: number;
  /** Share of patches with hot pixels. */
  readonly hotPixelShare: number;
  /** Share of patches without any structure, for which every level is equally right. */
  readonly emptyShare: number;
}

export const DEFAULT_RECIPE: Recipe = {
  batchSize: 64,
  patchesPerRegion: 4,
  enlargedShare: 0.15,
  enlargement: [1, 1.6],
  spotsShare: 0.04,
  wholeLevelShare: 0.6,
  otherBlurs: 160,
  pixels: [0.75, 1.3],
  sphericalWaves: [-0.12, 0.12],
  gain: [0.2, 5],
  offsetCounts: [1, 1000],
  asPublishedShare: 0.7,
  exposure: [0.1, 1.5],
  noiseFreeShare: 0.35,
  peakElectrons: [30, 30000],
  readNoiseElectrons: [0, 3],
  fill: [0.03, 0.8],
  bitDepths: [8, 12, 16],
  background: [0, 0.3],
  absorbingShare: 0.07,
  density: [0.1, 1.5],
  unevenShare: 0.2,
  unevenSlope: 0.3,
  anywhereShare: 0.25,
  processedShare: 0.1,
  hotPixelShare: 0.03,
  emptyShare: 0.14,
};
