"""What a run will take, measured on a few of its steps before time is spent."""

import copy
import time

import torch
from accelerate import Accelerator
from torch import nn

from fer_hub.data.split import Split
from fer_hub.errors import InputError
from fer_hub.models import ModelConfig, count_macs, count_parameters
from fer_hub.models.preprocessing import preprocess
from fer_hub.training.augmentation import augment, side_in_epoch
from fer_hub.training.config import FinetuneConfig
from fer_hub.training.loss import Loss

STEPS = 4
"""The first is left out of the time: memory is fetched and kernels are chosen in it."""


def describe_run(
    network: nn.Module,
    train: Split,
    validation: Split,
    config: FinetuneConfig,
    model_config: ModelConfig,
    accelerator: Accelerator,
) -> str:
    """Network, data, device and time, in three lines. Raises InputError where a batch does not fit into the memory."""
    size, channels = model_config.input_size, model_config.channels
    macs = count_macs(network, torch.zeros(1, channels, size, size))
    seconds = seconds_per_step(network, train, config, model_config, accelerator)
    seconds *= share_of_area(network, config, model_config)
    # A picture that is only named costs about a third of one that is learnt from.
    steps = len(train) / config.batch_size + len(validation) / config.batch_size / accelerator.num_processes / 3
    epoch = steps * seconds
    processes = f", {accelerator.num_processes} processes" if accelerator.num_processes > 1 else ""
    return (
        f"{config.architecture}: {count_parameters(network):,} parameters, {macs / 1e6:,.0f} million multiply-adds for "
        f"a picture of {size} px\n"
        f"{len(train):,} pictures to train on, {len(validation):,} to choose on, of {train.pictures.shape[-1]} px, "
        f"on {accelerator.device}{processes}\n"
        f"about {in_words(epoch)} an epoch, {in_words(epoch * config.epochs)} for all {config.epochs}"
    )


def share_of_area(network: nn.Module, config: FinetuneConfig, model_config: ModelConfig) -> float:
    """What an epoch costs on average, beside one of full-sized pictures; refuses a network that takes no smaller."""
    if config.progressive_start_size is None:
        return 1.0
    input_size, start = model_config.input_size, config.progressive_start_size
    if start > input_size:
        raise InputError(f"--progressive-start-size {start} is larger than the network's input of {input_size} pixels.")
    try:
        count_macs(network, torch.zeros(1, model_config.channels, start, start))
    except RuntimeError:
        raise InputError(
            f"--progressive-start-size: {config.architecture} takes pictures of {input_size} pixels only; "
            "compact_small, attention and torchvision's networks take others."
        ) from None
    sides = [side_in_epoch(epoch, config, input_size) for epoch in range(1, config.epochs + 1)]
    return sum(side**2 for side in sides) / (len(sides) * input_size**2)


def seconds_per_step(
    network: nn.Module, train: Split, config: FinetuneConfig, model_config: ModelConfig, accelerator: Accelerator
) -> float:
    """Time a process's share of a batch on a copy of the network. Raises InputError that names a batch that fits."""
    share = min(config.batch_size, len(train)) // accelerator.num_processes
    piece = max(share // config.gradient_accumulation_steps, 1)
    try:
        return _time_step(network, train, piece, config, model_config, accelerator) * share / piece
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    fitting = piece // 2
    while fitting:
        try:
            _time_step(network, train, fitting, config, model_config, accelerator)
            break
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            fitting //= 2
    else:
        raise InputError(f"not even one picture fits into the memory of {accelerator.device}; take a smaller network.")
    whole = fitting * accelerator.num_processes * config.gradient_accumulation_steps
    raise InputError(
        f"--batch-size {config.batch_size} does not fit into the memory of {accelerator.device}; {whole} does, or the "
        f"same batch in smaller pieces with --gradient-accumulation-steps {-(-share // fitting)}."
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
    config: FinetuneConfig,
    model_config: ModelConfig,
    accelerator: Accelerator,
) -> float:
    """Median seconds of forward and backward over some pictures; the network is not changed."""
    copied = copy.deepcopy(network).to(accelerator.device).to(memory_format=torch.channels_last).train()
    generator, objective = torch.Generator().manual_seed(0), Loss(config)
    crops, labels = train.pictures[:pictures].to(accelerator.device), train.labels[:pictures].to(accelerator.device)
    times = []
    for _ in range(STEPS):
        started = time.perf_counter()
        with accelerator.autocast():
            inputs = augment(preprocess(crops, model_config), config, generator)
            loss, _ = objective(copied, inputs, labels, {})
        loss.backward()
        loss.item()  # waits for the device
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[len(times[1:]) // 2]


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)
