"""The peer's step of distillation: a language model of four blocks teaches one of two."""

import torch
import torch.nn.functional as F

from networks import batch_of, cross_entropy, small_language_model
from steps import RATE

TEMPERATURE = 2.0


def softened(logits):
    return F.log_softmax(logits.reshape(-1, logits.shape[-1]) / TEMPERATURE, -1)


def divergence(student, teacher):
    """T² KL(teacher || student) at temperature T, the mean over all positions."""
    value = F.kl_div(softened(student), softened(teacher), log_target=True, reduction="batchmean")
    return TEMPERATURE**2 * value


def make(mode, compiled=False):
    """The student and a function that does the work of `mode`: kd, student or teacher."""
    torch.manual_seed(0)
    teacher = small_language_model(blocks=4).eval()
    student = small_language_model(blocks=2)
    inputs, labels = batch_of("d_lm")
    optimizer = torch.optim.Adam(student.parameters(), lr=RATE)
    teach = torch.compile(teacher) if compiled else teacher
    learn = torch.compile(student) if compiled else student

    def targets():
        with torch.no_grad():
            return teach(inputs)

    def step():
        expected = targets() if mode == "kd" else None
        outputs = learn(inputs)
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(outputs, labels)
        if expected is not None:
            loss = 0.5 * loss + 0.5 * divergence(outputs, expected)
        loss.backward()
        optimizer.step()
        return loss

    if mode == "teacher":
        return student, lambda: targets()[0, 0, 0]
    if mode not in ("kd", "student"):
        raise ValueError(f"unknown mode of distillation: {mode}")
    return student, step
