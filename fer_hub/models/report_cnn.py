"""The two networks of the report "Expression Classification from Facial Images", layer by layer.

Paper: the report itself (unpublished); both networks follow Keras tutorials of the time.
Origin: written here from the report's description. Weights: trained here from scratch, Apache-2.0.
Pooling stands before ReLU: the result is the same, and a quarter of the values are left to rectify.
"""

from typing import ClassVar

from torch import Tensor, nn

from fer_hub.models.pretrained import PretrainedWeights


class SimpleCNN(nn.Module):
    """Two 3x3 convolutions and two dense layers (model A): 1,626,055 parameters at 64 px RGB, 7 classes.

    `(N, channels, input_size, input_size)` float -> logits `(N, classes)`.
    """

    native_channels, native_size, native_dropout = 3, 64, 0.5
    native_weights: ClassVar[PretrainedWeights | None] = None

    def __init__(self, channels: int, input_size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 3),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 3),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
        )
        side = ((input_size - 2) // 2 - 2) // 2
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * side * side, 128),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(128, classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(inputs))
        return logits


class ComplexCNN(nn.Module):
    """Four convolution blocks and three dense layers (model B): 4,478,727 parameters at 48 px grey, 7 classes.

    The count includes BatchNorm's running statistics, as Keras counts them.
    `(N, channels, input_size, input_size)` float -> logits `(N, classes)`.
    """

    native_channels, native_size, native_dropout = 1, 48, 0.25
    native_weights: ClassVar[PretrainedWeights | None] = None

    def __init__(self, channels: int, input_size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution_block(channels, 64, 3, dropout),
            _convolution_block(64, 128, 5, dropout),
            _convolution_block(128, 512, 3, dropout),
            _convolution_block(512, 512, 3, dropout),
        )
        side = input_size // 16
        self.classifier = nn.Sequential(
            nn.Flatten(),
            _dense_block(512 * side * side, 256, dropout),
            _dense_block(256, 512, dropout),
            nn.Linear(512, classes),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(inputs))
        return logits


def _convolution_block(channels: int, filters: int, kernel: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, padding="same"),
        nn.BatchNorm2d(filters),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
    )


def _dense_block(features: int, units: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features, units), nn.BatchNorm1d(units), nn.ReLU(inplace=True), nn.Dropout(dropout))
