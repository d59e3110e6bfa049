"""A peer's worker: does the peer's side of a case when told to. ../PROTOCOL.md has the lines.

    worker.py train CASE MODE --threads N              MODE: see steps.py
    worker.py gemm MxNxK[t] --threads N
    worker.py federated CASE --threads N               CASE: see rounds.py
    worker.py distill d_lm MODE[-compile] --threads N
    worker.py tokenizer train|encode CORPUS --threads N
    worker.py generation gpt2small tokens|drafts --threads N
    worker.py role_reversal TEXT words|alternation
    worker.py table VERB --threads N
    worker.py accountant epsilon|noise_multiplier pld|rdp --threads N
"""

import argparse
import json
import os
import resource
import sys
import time
import warnings


def status(field):
    """A size of /proc/self/status in bytes."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0


def answer(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def training(case, mode):
    import torch  # noqa: F401  (so that what importing takes counts as resident from the start)
    from steps import MODES

    if mode not in ("eager", "compile", "loop"):
        import opacus  # noqa: F401

    resident = status("VmRSS")
    model, step = MODES[mode](case)
    return steps(model, step, resident)


def steps(model, step, resident):
    last = {"loss": None}

    def work():
        last["loss"] = step()

    work()
    count = sum(parameter.numel() for parameter in model.parameters())
    return work, resident, {"parameters": count}, lambda: last["loss"].item()


def distillation(case, mode):
    if case != "d_lm":
        raise ValueError(f"unknown case of distillation: {case}")
    import distillation

    resident = status("VmRSS")
    kind, _, compiled = mode.partition("-")
    return steps(*distillation.make(kind, compiled == "compile"), resident)


def product(shape):
    import torch

    rows, columns, inner = (int(part) for part in shape.rstrip("t").split("x"))
    resident = status("VmRSS")
    left = torch.randn(rows, inner)
    right = torch.randn(columns, inner).t() if shape.endswith("t") else torch.randn(inner, columns)
    result = torch.empty(rows, columns)

    def work():
        torch.mm(left, right, out=result)

    work()
    return work, resident, {}, lambda: float(result[0, 0])


def serve(work, resident, ready, check, together):
    answer(ready=True, **ready)
    for line in sys.stdin:
        match line.split():
            case ["run", count]:
                before, seconds = processor_seconds(), []
                if together:
                    start = time.perf_counter()
                    for _ in range(int(count)):
                        work()
                    seconds.append(time.perf_counter() - start)
                else:
                    for _ in range(int(count)):
                        start = time.perf_counter()
                        work()
                        seconds.append(time.perf_counter() - start)
                answer(seconds=seconds, cpu=processor_seconds() - before, count=int(count))
            case ["memory"]:
                answer(resident=resident, peak=status("VmHWM"))
            case ["check"]:
                answer(check=check())
            case ["quit"]:
                return
            case _:
                answer(error=f"unknown request: {line.strip()}")


def prepared(arguments):
    """The work, the bytes resident before it was prepared, what `ready` says, and the check."""
    import texts

    resident = status("VmRSS")
    match arguments.bench:
        case "train":
            return training(arguments.case, arguments.mode)
        case "distill":
            return distillation(arguments.case, arguments.mode)
        case "federated":
            import rounds

            work, check, facts = rounds.make(arguments.case)
            return work, resident, facts, check
        case "gemm":
            return product(arguments.case)
        case "tokenizer":
            work, *rest = texts.tokenization(arguments.case, arguments.mode, arguments.threads)
        case "generation":
            work, *rest = texts.generation(arguments.case, arguments.mode)
        case "role_reversal":
            work, *rest = texts.role_reversal(arguments.case, arguments.mode)
        case "table":
            import frames

            work, *rest = frames.verb(arguments.case)
        case "accountant":
            import accounts

            work, *rest = accounts.accounting(arguments.case, arguments.mode)
    return work, resident, *rest


def main():
    parser = argparse.ArgumentParser()
    benches = ["train", "federated", "gemm", "distill", "tokenizer", "generation", "role_reversal", "table", "accountant"]
    parser.add_argument("bench", choices=benches)
    parser.add_argument("case")
    parser.add_argument("mode", nargs="?")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if arguments.threads > 1 else "false"
    warnings.filterwarnings("ignore")
    try:
        if arguments.bench not in ("tokenizer", "role_reversal", "table", "accountant"):
            import torch

            torch.set_num_threads(arguments.threads)
        work = prepared(arguments)
    except Exception as failure:
        answer(error=f"{type(failure).__name__}: {failure}")
        sys.exit(1)
    serve(*work, together=arguments.bench == "gemm")


if __name__ == "__main__":
    main()
