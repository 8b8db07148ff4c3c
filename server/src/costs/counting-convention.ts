// What one multiply-add is in FLOPs.

/** FLOPs in one multiply-add (spec 3.3). */
export const flopsPerMac = 2;
