"""What a run will take, measured on a few of its steps before time is spent."""

import copy
import time

import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional as F

from fer_hub.data.split import Split
from fer_hub.errors import InputError
from fer_hub.models import ModelConfig, count_macs, count_parameters
from fer_hub.models.preprocessing import preprocess
from fer_hub.training.augmentation import augment, side_in_epoch
from fer_hub.training.config.groups import AugmentationConfig, OptimisationConfig

STEPS = 4
"""The first is left out of the time: memory is fetched and kernels are chosen in it."""


def describe_run(
    network: nn.Module,
    model_config: ModelConfig,
    train: Split,
    validation: Split,
    optimisation: OptimisationConfig,
    augmentation: AugmentationConfig,
    accelerator: Accelerator,
) -> str:
    """Network, data, device and time, in three lines, and a fourth where a batch takes all pictures.

    Raises InputError where a batch does not fit into the memory.
    """
    size, channels = model_config.input_size, model_config.channels
    macs = count_macs(network, torch.zeros(1, channels, size, size))
    seconds = seconds_per_step(network, model_config, train, optimisation, augmentation, accelerator)
    seconds *= share_of_area(network, model_config, optimisation)
    # A picture that is only named costs about a third of one that is learnt from.
    batch = optimisation.batch_size
    epoch = seconds * (len(train) / batch + len(validation) / batch / accelerator.num_processes / 3)
    processes = f", {accelerator.num_processes} processes" if accelerator.num_processes > 1 else ""
    return (
        f"{model_config.architecture}: {count_parameters(network):,} parameters, {macs / 1e6:,.0f} million "
        f"multiply-adds for a picture of {size} px\n"
        f"{len(train):,} pictures to train on, {len(validation):,} to choose on, of {train.pictures.shape[-1]} px, "
        f"on {accelerator.device}{processes}\n"
        f"about {in_words(epoch)} an epoch, {in_words(epoch * optimisation.epochs)} for all {optimisation.epochs}"
        + _advice(batch, len(train))
    )


def _advice(batch: int, pictures: int) -> str:
    if batch < pictures:
        return ""
    return (
        f"\n--batch-size {batch} takes all {pictures} pictures at once, so that an epoch is a single step; a smaller "
        f"one, such as --batch-size {max(2, min(16, pictures // 8))}, learns more from them"
    )


def share_of_area(network: nn.Module, model_config: ModelConfig, config: OptimisationConfig) -> float:
    """What an epoch costs on average, beside one of full-sized pictures; refuses a network that takes no smaller."""
    if config.progressive_start_size is None:
        return 1.0
    input_size, start = model_config.input_size, config.progressive_start_size
    if start > input_size:
        raise InputError(f"--progressive-start-size {start} is larger than the network's input of {input_size} pixels.")
    try:
        count_macs(network, torch.zeros(1, model_config.channels, start, start))
    except (RuntimeError, ValueError, AssertionError):
        raise InputError(
            f"--progressive-start-size: {model_config.architecture} takes pictures of {input_size} pixels only; "
            "compact_small, attention and torchvision's networks take others."
        ) from None
    sides = [side_in_epoch(epoch, config, input_size) for epoch in range(1, config.epochs + 1)]
    return sum(side**2 for side in sides) / (len(sides) * input_size**2)


def seconds_per_step(
    network: nn.Module,
    model_config: ModelConfig,
    train: Split,
    optimisation: OptimisationConfig,
    augmentation: AugmentationConfig,
    accelerator: Accelerator,
) -> float:
    """Time a process's share of a batch on a copy of the network. Raises InputError that names a batch that fits."""
    pieces = optimisation.gradient_accumulation_steps
    share: int = min(optimisation.batch_size, len(train)) // accelerator.num_processes
    piece = max(share // pieces, 1)

    def measure(pictures: int) -> float | None:
        """None where so many do not fit into the memory."""
        try:
            return _time_step(network, train, pictures, model_config, augmentation, accelerator)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
                return None
            raise

    if (seconds := measure(piece)) is not None:
        return seconds * (share / piece)
    fitting = piece // 2
    while fitting and measure(fitting) is None:
        fitting //= 2
    if not fitting:
        raise InputError(f"not even one picture fits into the memory of {accelerator.device}; take a smaller network.")
    raise InputError(
        f"--batch-size {optimisation.batch_size} does not fit into the memory of {accelerator.device}; "
        f"{fitting * accelerator.num_processes * pieces} does, or the same batch in smaller pieces with "
        f"--gradient-accumulation-steps {-(-share // fitting)}."
    )


def in_words(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _time_step(
    network: nn.Module,
    train: Split,
    pictures: int,
    model_config: ModelConfig,
    augmentation: AugmentationConfig,
    accelerator: Accelerator,
) -> float:
    """Median seconds of forward and backward over some pictures; the network is not changed."""
    copied = copy.deepcopy(network).to(accelerator.device).to(memory_format=torch.channels_last).train()
    generator = torch.Generator().manual_seed(0)
    crops, labels = train.pictures[:pictures].to(accelerator.device), train.labels[:pictures].to(accelerator.device)
    times: list[float] = []
    for _ in range(STEPS):
        started = time.perf_counter()
        with accelerator.autocast():
            inputs = augment(preprocess(crops, model_config), augmentation, generator)
            loss = F.cross_entropy(copied(inputs), labels)
        torch.autograd.backward(loss)
        loss.item()  # waits for the device
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[len(times[1:]) // 2]
