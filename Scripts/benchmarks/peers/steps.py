"""One training step of a peer as a function without arguments that returns the loss.

All train every parameter with Adam. The private ones clip each example's gradient to `BOUND`, add
Gaussian noise of `NOISE` times that bound and divide by the batch size.
"""

import torch

from networks import cross_entropy, make

BOUND, NOISE, RATE = 1.0, 1.0, 1e-3


def plain(case, compiled):
    model, inputs, labels = make(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    forward = torch.compile(model) if compiled else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(forward(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return model, step


def loop(case):
    """Example by example, tuned: fused clipping and accumulation, no copies of the model."""
    model, inputs, labels = make(case)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    parameters = list(model.parameters())
    total = [torch.zeros_like(parameter) for parameter in parameters]

    def step():
        torch._foreach_zero_(total)
        losses = 0.0
        for index in range(len(inputs)):
            one = slice(index, index + 1)
            loss = cross_entropy(model(inputs[one]), labels[one])
            gradients = torch.autograd.grad(loss, parameters)
            norm = torch.stack(torch._foreach_norm(gradients)).norm()
            torch._foreach_mul_(gradients, (BOUND / (norm + 1e-6)).clamp(max=1.0))
            torch._foreach_add_(total, gradients)
            losses += loss.detach()
        for parameter, summed in zip(parameters, total):
            parameter.grad = (summed + torch.randn_like(summed).mul_(BOUND * NOISE)).div_(len(inputs))
        optimizer.step()
        return losses / len(inputs)

    return model, step


def opacus(case, mode):
    """Opacus with per-example gradients by `hooks`, `functorch` or `ew` (expanded weights)."""
    from opacus.grad_sample import wrap_model
    from opacus.optimizers import DPOptimizer

    model, inputs, labels = make(case, private=True)
    wrapped = wrap_model(model, grad_sample_mode=mode, batch_first=True, loss_reduction="mean")
    optimizer = DPOptimizer(
        torch.optim.Adam(wrapped.parameters(), lr=RATE),
        noise_multiplier=NOISE,
        max_grad_norm=BOUND,
        expected_batch_size=len(inputs),
        loss_reduction="mean",
    )

    def step():
        optimizer.zero_grad()
        loss = cross_entropy(wrapped(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return model, step


def ghost(case):
    """Opacus with ghost norms: two backward passes, no gradients of single examples."""
    from opacus.grad_sample import GradSampleModuleFastGradientClipping
    from opacus.optimizers import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    model, inputs, labels = make(case, private=True)
    wrapped = GradSampleModuleFastGradientClipping(
        model, batch_first=True, loss_reduction="mean", max_grad_norm=BOUND, use_ghost_clipping=True
    )
    optimizer = DPOptimizerFastGradientClipping(
        torch.optim.Adam(wrapped.parameters(), lr=RATE),
        noise_multiplier=NOISE,
        max_grad_norm=BOUND,
        expected_batch_size=len(inputs),
        loss_reduction="mean",
    )
    criterion = DPLossFastGradientClipping(
        wrapped, optimizer, torch.nn.CrossEntropyLoss(reduction="mean"), "mean"
    )
    # With several labels an example, Opacus is told how they belong together.
    shape = {} if labels.dim() == 1 else {"shape": labels.shape}

    def step():
        optimizer.zero_grad()
        outputs = wrapped(inputs)
        loss = criterion(outputs.reshape(-1, outputs.shape[-1]), labels.reshape(-1), **shape)
        loss.backward()
        optimizer.step()
        return loss

    return model, step


MODES = {
    "eager": lambda case: plain(case, compiled=False),
    "compile": lambda case: plain(case, compiled=True),
    "loop": loop,
    "hooks": lambda case: opacus(case, "hooks"),
    "functorch": lambda case: opacus(case, "functorch"),
    "ew": lambda case: opacus(case, "ew"),
    "ghost": ghost,
}
