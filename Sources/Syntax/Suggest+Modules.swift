extension Suggest {
  /// What users of SciPy, pandas and matplotlib call members of a module, with what to write here.
  public static func foreignMembers(of module: String) -> [String: String] {
    switch module {
    case "stats": statistics
    case "plot": plots
    default: [:]
    }
  }

  private static let statistics: [String: String] = {
    let paired =
      "there is no signed-rank test; pairs are compared by `stats.permutation_test(a, b, paired: true)` or `stats.t_test(a, b, paired: true)`"
    let t = "write `stats.t_test(a, b)`; of pairs `stats.t_test(a, b, paired: true)`"
    let variance = "write `stats.std(values) ** 2`"
    return [
      "norm": "write `stats.normal(0, 1)`",
      "anova": "there is no analysis of variance; two samples are compared by `stats.t_test(a, b)`",
      "f_oneway":
        "there is no analysis of variance; two samples are compared by `stats.t_test(a, b)`",
      "ttest": t, "ttest_ind": t, "ttest_rel": t, "ttest_1samp": t,
      "pearsonr": "write `stats.correlation(a, b)`", "pearson": "write `stats.correlation(a, b)`",
      "var": variance, "variance": variance,
      "mode": "write `t.value_counts(\"v\")[0]`",
      "zscore": "write `(t.v - t.v.mean()) / t.v.std()`",
      "linregress": "write `stats.regression(t, y: \"y\", x: \"x\")`",
      "binom_test":
        "there is no binomial test; `stats.wilson(successes, trials)` is the interval of a share",
      "binomtest":
        "there is no binomial test; `stats.wilson(successes, trials)` is the interval of a share",
      "accuracy":
        "write `stats.f1(labels, predictions, average: \"micro\")`, which is the accuracy",
      "wilcoxon": paired, "signed_rank": paired,
    ]
  }()

  private static let plots: [String: String] = [
    "hist": "write `plot.histogram(t, x: \"v\")`",
    "pie": "there are no pie charts; bars compare amounts: `plot.bar(t, x: \"k\", y: \"count\")`",
  ]
}
