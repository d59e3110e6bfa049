"""The settings of the bench `accountant`: the same for us and for the peers."""

# Noise multiplier or epsilon, sampling rate, steps; delta is 1e-5.
CASES = {
    "epsilon": [(1.0, 0.01, 10_000), (0.8, 256 / 60_000, 14_063), (1.1, 256 / 60_000, 14_040)],
    "noise_multiplier": [(1.0, 256 / 60_000, 14_063), (3.0, 0.01, 10_000)],
}
