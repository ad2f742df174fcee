"""ExpressionClassifier: a network with its configuration, as a model folder on disk."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fer_hub.errors import InputError, plain
from fer_hub.files import CONFIG_FILE, WEIGHTS_FILE, model_file
from fer_hub.models.config import ModelConfig, load_config
from fer_hub.models.heads import Answers, head_answer, split_outputs
from fer_hub.models.preprocessing import preprocess
from fer_hub.models.registry import build_network

_MAX_HEADER_BYTES = 1 << 20
_BATCH_PIXELS = 256 * 64 * 64


class ExpressionClassifier:
    """Crops in, probabilities out."""

    def __init__(self, network: nn.Module, config: ModelConfig, device: torch.device | str = "cpu") -> None:
        # Channels last: the faster layout for convolutions, on CPUs too.
        self.network = network.to(device).to(memory_format=torch.channels_last).eval()
        self.config = config
        self.device = torch.device(device)

    @torch.inference_mode()
    def outputs(self, crops: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """`(N, C, H, W)` uint8 crops, grey or RGB -> `(N, K)` float32 logits on the CPU, in the order given.

        With them what each further head gives, `(N, C)` or `(N, 1)`.
        """
        size = max(_BATCH_PIXELS // self.config.input_size**2, 1)  # memory stays bounded for large inputs
        batches = [network_outputs(self.network, batch.to(self.device), self.config) for batch in crops.split(size)]
        whole = torch.cat(batches).float().cpu() if batches else torch.empty(0, self.config.outputs)
        return split_outputs(whole, self.config)

    def logits(self, crops: Tensor) -> Tensor:
        """`(N, C, H, W)` uint8 crops, grey or RGB -> `(N, K)` float32 logits on the CPU, in the order given."""
        return self.outputs(crops)[0]

    def probabilities(self, crops: Tensor) -> Tensor:
        """`(N, C, H, W)` uint8 crops -> `(N, K)` calibrated probabilities in `config.labels` order, rows sum to 1."""
        return self.answers(crops).probabilities

    def answers(self, crops: Tensor) -> Answers:
        """The same, with what each further head answers."""
        logits, further = self.outputs(crops)
        heads = {name: head_answer(further[name].double(), head) for name, head in self.config.heads.items()}
        return Answers((logits.double() / self.config.temperature).softmax(dim=1), heads)

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors into a folder that exists.

        Matrices and kernels are stored in half precision, vectors (biases, BatchNorm statistics) as they are.
        """
        tensors = {
            name: tensor.detach().cpu().contiguous().to(torch.float16 if tensor.ndim >= 2 else tensor.dtype)
            for name, tensor in self.network.state_dict().items()
        }
        (folder / WEIGHTS_FILE).write_bytes(save(tensors))
        (folder / CONFIG_FILE).write_text(self.config.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, device: torch.device | str = "cpu") -> "ExpressionClassifier":
        """Read a model folder. Raises InputError where its files do not describe one whole, finite network."""
        config = load_config(folder)
        weights = model_file(folder, WEIGHTS_FILE)
        check_weights_size(config, weights.stat().st_size, str(weights))
        network = build_network(config)
        _load_weights(network, weights)
        return cls(network, config, device)


def network_outputs(network: nn.Module, crops: Tensor, config: ModelConfig) -> Tensor:
    """`(N, C, H, W)` uint8 crops -> `(N, config.outputs)`: the walk through a network that its configuration describes.

    Logits of the expressions come first.
    """
    inputs = preprocess(crops, config)
    if not config.mirror:
        whole: Tensor = network(inputs)
        return whole
    both = network(torch.cat([inputs, inputs.flip(-1)]))  # one pass; chunk would fix how many pictures an export takes
    count = inputs.shape[0]
    mean: Tensor = (both[:count] + both[count:]) / 2
    return mean


def check_weights_size(config: ModelConfig, size: int, source: str) -> None:
    """Raise InputError where so many bytes cannot hold the network's weights, before anything is spent on them."""
    with torch.device("meta"):  # counts without allocating
        tensors = build_network(config).state_dict().values()
    whole = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    least, most = whole // 2, whole + _MAX_HEADER_BYTES  # in half precision, and as they are
    if not least <= size <= most:
        raise InputError(
            f"the weights of {source} do not fit its configuration: they hold {size:,} bytes, and the network needs "
            f"{least:,} to {most:,}."
        )


def _load_weights(network: nn.Module, path: Path) -> None:
    """Copy the tensors of a safetensors file into a network; names, shapes and finiteness must hold."""
    expected = network.state_dict()
    try:
        with safe_open(path, framework="pt") as weights:
            names = set(weights.keys())
            if names != set(expected):
                odd = ", ".join(plain(name) for name in sorted(names ^ set(expected))[:3])
                raise InputError(f"{path} does not fit its configuration: missing or extra tensors: {odd}.")
            for name, tensor in expected.items():
                shape = tuple(weights.get_slice(name).get_shape())
                if shape != tuple(tensor.shape):
                    raise InputError(
                        f"{path} does not fit its configuration: {name} is {shape}, expected {tuple(tensor.shape)}."
                    )
            given = {name: weights.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as safetensors: {error}.") from None
    if any(tensor.is_floating_point() != expected[name].is_floating_point() for name, tensor in given.items()):
        raise InputError(f"{path} does not fit its configuration: its numbers are not of the kind that is expected.")
    tensors = {name: tensor.to(expected[name].dtype) for name, tensor in given.items()}
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise InputError(f"{path} holds weights that are not finite numbers.")
    network.load_state_dict(tensors, strict=True)
