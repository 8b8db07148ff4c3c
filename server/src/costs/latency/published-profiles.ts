// Devices that published measurements were fitted to.

import type { PublishedRates } from './published-device.ts';
import { publishedRates } from './published-rates.ts';

/** Where the measurements are from. */
export const publishedSource = 'timm benchmark results (Ross Wightman, pytorch-image-models)';

export const publishedProfiles: readonly PublishedRates[] = publishedRates;
