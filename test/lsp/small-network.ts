// A Darknet network that is small enough to work out by hand.

/**
 * Input 3×8×8. Section 1: 3×3, pad 1, 4 filters: 4·3·9 = 108 weights and 4 biases, 108·64 = 6,912 MACs, 4×8×8.
 * Section 2: 1×1, 6 filters: 24 weights and 6 biases, 24·64 = 1,536 MACs, 6×8×8. Totals: 8,448 MACs, 142 parameters.
 */
export const smallNetwork = `[net]
width=8
height=8
channels=3

[convolutional]
filters=4
size=3
stride=1
pad=1
activation=relu

[convolutional]
filters=6
size=1
stride=1
activation=linear
`;

/** Zero-based lines of the two layers' sections. */
export const firstLayerLine = 5;
export const secondLayerLine = 12;

/** Settings under which hints show exact integers only. */
export const withoutLatency = { hints: { quantities: ['shape', 'operations', 'params'] } };
