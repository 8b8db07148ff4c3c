// A Darknet file of two normalised convolutions, 12 and 16 channels wide on 1×8×8 images, and three classes.

export const smallConfig = `[net]
width=8
height=8
channels=1

[convolutional]
batch_normalize=1
filters=12
size=3
stride=1
pad=1
activation=relu

[convolutional]
batch_normalize=1
filters=16
size=3
stride=1
pad=1
activation=relu

[avgpool]

[connected]
output=3
activation=linear
`;
