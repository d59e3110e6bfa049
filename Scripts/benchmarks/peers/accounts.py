"""The peers' accounting of private training: dp-accounting, by loss distributions or Rényi orders."""

import importlib.util
import logging
import warnings
from pathlib import Path

DELTA = 1e-5


def cases():
    """The settings, which the bench itself has too."""
    path = Path(__file__).resolve().parents[1] / "benches" / "accountant_cases.py"
    spec = importlib.util.spec_from_file_location("accountant_cases", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CASES


def accounting(case, mode):
    """Work, what `ready` says, and the check: the last result."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    import dp_accounting
    from dp_accounting import pld, rdp

    def event(noise, rate, steps):
        sampled = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
        return dp_accounting.SelfComposedDpEvent(sampled, steps)

    def accountant():
        if mode == "rdp":
            return rdp.RdpAccountant()
        return pld.PLDAccountant(value_discretization_interval=1e-4)

    def epsilon(noise, rate, steps):
        one = accountant()
        one.compose(event(noise, rate, steps))
        return one.get_epsilon(DELTA)

    def noise_multiplier(budget, rate, steps):
        return dp_accounting.calibrate_dp_mechanism(
            accountant,
            lambda noise: event(noise, rate, steps),
            budget,
            DELTA,
            dp_accounting.LowerEndpointAndGuess(0.3, 1),
            tol=1e-4,
        )

    answer = {"epsilon": epsilon, "noise_multiplier": noise_multiplier}[case]
    state = {}

    def work():
        for setting in cases()[case]:
            state["last"] = answer(*setting)

    work()
    return work, {}, lambda: state["last"]
