/** Levels of defocus: 0 (in focus) to 10. */
export const LEVELS = 11;
