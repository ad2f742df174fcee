"""Inception-ResNet v1 with weights that tell people apart, as a start for telling expressions apart.

Papers: Szegedy et al. 2017 (arXiv 1602.07261); VGGFace2, Cao et al. 2018 (arXiv 1710.08092). Origin: facenet-pytorch
(MIT), converted from davidsandberg/facenet (MIT). Weights: the same, trained on VGGFace2, whose pictures have terms
of their own.
"""

from dataclasses import dataclass

from torch import nn

from fer_hub.models.pretrained import PretrainedWeights, refuse_unsuited_input


@dataclass(frozen=True)
class VGGFace2:
    """Builder of inception blocks with shortcuts, 512 numbers for a face, one dense layer: 23 M parameters.

    `(N, 3, input_size, input_size)` float -> logits `(N, classes)`.
    """

    native_channels = 3
    native_size = 160
    native_dropout = 0.6
    native_weights = PretrainedWeights(
        "facenet-pytorch's VGGFace2 weights",
        "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/20180402-114759-vggface2.pt",
        "../checkpoints",
        mean=(127.5 / 255,) * 3,
        std=(128 / 255,) * 3,
        licence="Those are MIT-licensed; the pictures of VGGFace2 that they were trained on have terms of their own.",
    )

    def __call__(self, channels: int, input_size: int, classes: int, dropout: float) -> nn.Module:
        # With it comes torchvision, which takes as long to import as torch: for this network only.
        from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1  # noqa: PLC0415

        network: nn.Module = InceptionResnetV1(classify=True, num_classes=classes, dropout_prob=dropout)
        refuse_unsuited_input(network, "vggface2", channels, input_size, self.native_size)
        return network
