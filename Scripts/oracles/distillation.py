"""Golden values of distillation: divergences, mixtures with cross-entropy, teachers known by their largest logits, hidden states.

Writes Tests/Golden/distillation.json. Everything is written with PyTorch's own operations (log_softmax, kl_div,
cross_entropy, cosine_embedding_loss), not with the formulas of the kernels.
"""

import torch
import torch.nn.functional as F

from golden import Randomness, differentiated, write

IGNORE = -100


def divergence(kind, parameter, teacher, student, temperature):
    """The divergence of each row."""
    lp = F.log_softmax(teacher / temperature, -1)
    lq = F.log_softmax(student / temperature, -1)

    def kl(log_target, log_input):
        return F.kl_div(log_input, log_target, reduction="none", log_target=True).sum(-1)

    def mixed(a, b):
        """log(parameter e^a + (1 - parameter) e^b)"""
        weight = torch.tensor(parameter, dtype=torch.float64)
        return torch.logsumexp(torch.stack([a + weight.log(), b + (1 - weight).log()]), 0)

    match kind:
        case "forward_kl":
            return kl(lp, lq)
        case "reverse_kl":
            return kl(lq, lp)
        case "jensen_shannon":
            m = mixed(lp, lq)
            return parameter * kl(lp, m) + (1 - parameter) * kl(lq, m)
        case "skew_kl":
            return kl(lp, mixed(lp, lq))
        case "skew_reverse_kl":
            return kl(lq, mixed(lq, lp))


def largest(teacher, student, k, temperature, tail):
    """Logits of the problem of k classes, and of one more for the others where `tail` is set, already divided by τ."""
    ids = teacher.topk(k, -1).indices
    t, s = teacher / temperature, student / temperature
    pt, ps = t.gather(-1, ids), s.gather(-1, ids)
    if tail:
        others = torch.ones_like(teacher, dtype=torch.bool).scatter(-1, ids, False)
        rest = lambda x: torch.where(others, x, -torch.inf).logsumexp(-1, keepdim=True)
        pt, ps = torch.cat([pt, rest(t)], -1), torch.cat([ps, rest(s)], -1)
    return pt, ps


def per_example(losses, labels):
    """Means over the positions of each example that count."""
    counts = (labels != IGNORE).float().to(losses.dtype)
    return (losses * counts).sum(-1) / counts.sum(-1).clamp(min=1)


def case(name, kind, parameter, temperature, soft, hard, randomness, k=None, tail=True):
    examples, time, classes = 3, 4, 11
    teacher = randomness.normal(examples, time, classes, scale=2)
    labels = randomness.integers(0, classes, examples, time)
    labels[0, 2:] = IGNORE
    labels[2, :] = IGNORE

    def function(student):
        t, s, tau = teacher, student, temperature
        if k:
            t, s = largest(teacher, student, k, temperature, tail)
            tau = 1.0
        losses = soft * temperature**2 * divergence(kind, parameter, t, s, tau)
        if hard:
            flat = F.cross_entropy(
                student.flatten(0, 1), labels.flatten(), ignore_index=IGNORE, reduction="none"
            )
            losses = losses + hard * flat.view(examples, time)
        return per_example(losses, labels)

    options = dict(
        divergence=kind, parameter=parameter, temperature=temperature, soft=soft, hard=hard, tail=tail
    )
    if k:
        options["k"] = k
    inputs = {"student": randomness.normal(examples, time, classes, scale=2)}
    found = differentiated(name, function, inputs, randomness, options)
    found["inputs"] |= differentiated("", lambda **x: x["labels"], {"teacher": teacher, "labels": labels}, randomness)["inputs"]
    return found


def cosine(randomness):
    teacher = randomness.normal(2, 3, 6)
    labels = randomness.integers(0, 4, 2, 3)
    labels[1, 1] = IGNORE

    def function(student):
        flat = F.cosine_embedding_loss(
            student.flatten(0, 1), teacher.flatten(0, 1), torch.ones(6), reduction="none"
        )
        return per_example(flat.view(2, 3), labels)

    found = differentiated("cosine", function, {"student": randomness.normal(2, 3, 6)}, randomness)
    found["inputs"] |= differentiated("", lambda **x: x["labels"], {"teacher": teacher, "labels": labels}, randomness)["inputs"]
    return found


def main():
    randomness = Randomness(20)
    kinds = [
        ("forward_kl", 0.0),
        ("reverse_kl", 0.0),
        ("jensen_shannon", 0.5),
        ("jensen_shannon", 0.1),
        ("skew_kl", 0.1),
        ("skew_reverse_kl", 0.25),
    ]
    cases = []
    for kind, parameter in kinds:
        for temperature in (1.0, 2.0, 4.0):
            cases.append(
                case(f"{kind}_{parameter}_{temperature}", kind, parameter, temperature, 0.7, 0.3, randomness)
            )
        for tail in (True, False):
            cases.append(
                case(f"{kind}_{parameter}_largest_{tail}", kind, parameter, 2.0, 1.0, 0.5, randomness, k=3, tail=tail)
            )
    cases.append(case("soft_only", "forward_kl", 0.0, 3.0, 1.0, 0.0, randomness))
    cases.append(cosine(randomness))
    write("distillation.json", f"PyTorch {torch.__version__}, Scripts/oracles/distillation.py", cases)


if __name__ == "__main__":
    main()
