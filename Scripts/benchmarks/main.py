"""The command line of Scripts/bench; README.md beside this file explains the figures."""

import argparse
import sys
from dataclasses import dataclass

from benches import accountant, distill, fairness, federated, gemm, generation, interpreter, start_up, tables, tokenizer, train
from contest import Failure, say, stop_politely

BENCHES = {
    "interpreter": interpreter.run,
    "start-up": start_up.run,
    "gemm": gemm.run,
    "train": train.run,
    "distill": distill.run,
    "federated": federated.run,
    "generation": generation.run,
    "tokenizer": tokenizer.run,
    "fairness": fairness.run,
    "tables": tables.run,
    "accountant": accountant.run,
}


@dataclass
class Settings:
    cases: list
    threads: list
    peers: bool
    quick: bool
    text: str | None

    def chosen(self, available):
        """The cases to run, in the bench's order; all where none was named."""
        return [case for case in available if not self.cases or case in self.cases]


def thread_counts(text):
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers such as 1,2, found {text!r}")
    return counts


def main():
    parser = argparse.ArgumentParser(prog="Scripts/bench", description="Measures Fairlead and its peers.")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=", ".join(BENCHES) + "; all without")
    parser.add_argument("--case", action="extend", nargs="+", default=[], metavar="NAME", help="only this case")
    parser.add_argument("--threads", type=thread_counts, default=[1], metavar="1,2", help="threads to compute with")
    parser.add_argument("--peers", action="store_true", help="measure the peers as well")
    parser.add_argument("--quick", action="store_true", help="take fewer repetitions")
    parser.add_argument("--text", metavar="PATH", help="the text of `tokenizer` and `fairness`, UTF-8")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.benches if name not in BENCHES]
    if unknown:
        parser.error(f"no bench {unknown[0]!r}; there are {', '.join(BENCHES)}")
    known_cases = [*interpreter.PROGRAMS, *start_up.CASES, *gemm.SHAPES]
    for bench in (train, distill, federated, generation, tokenizer, fairness, tables, accountant):
        known_cases += [case for case in bench.CASES if case not in known_cases]
    for case in arguments.case:
        if case not in known_cases:
            parser.error(f"no case {case!r}; there are {', '.join(known_cases)}")
    settings = Settings(arguments.case, arguments.threads, arguments.peers, arguments.quick, arguments.text)
    stop_politely()
    failed = False
    for name in arguments.benches or BENCHES:
        try:
            BENCHES[name](settings)
        except Failure as failure:
            say(f"bench: {name}: {failure}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
