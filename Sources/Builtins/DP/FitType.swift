import Foundations
import Privacy
import Runtime

/// What a private training run did and what it cost, in a script.
extension PrivateTrainingResult: NativeValue {
  public static let nativeType = NativeType<PrivateTrainingResult>(
    "private fit", "What a private training run did, and what it cost."
  ) { type in
    type.representation = { fit, _ in
      var text =
        "fit: \(fit.steps) steps, epsilon \(NumberText.roundedUp(fit.epsilon)) (\(fit.accountant.rawValue.uppercased()), delta \(Formatting.float(fit.delta)))"
      if let paper = fit.epsilonPaper {
        text += ", by the paper's accounting \(NumberText.roundedUp(paper))"
      }
      text +=
        ", noise \(TextForm.digits(fit.noiseMultiplier, 4)), \(TextForm.digits(fit.seconds, 3)) s"
      return text + (fit.isStopped || fit.isStoppedEarly ? ", stopped early" : "")
    }
    type.transfer = .share
    type.hasContent(ignoring: ["seconds"])
    type.field("method", "How it was trained: dp-sgd, loop, edp-sgd, dp-ftrl or adamix.") {
      $0.method
    }
    type.field("epsilon", "The privacy that was spent: a bound that holds.") { $0.epsilon }
    type.field(
      "epsilon_paper",
      "For edp-sgd what its paper's accounting gives; nil otherwise. It takes one example's influence for half of what it can be."
    ) { $0.epsilonPaper }
    type.field("delta", "The chance that the promise of epsilon fails.") { $0.delta }
    type.field("sigma", "The noise multiplier of the first epoch.") { $0.noiseMultiplier }
    type.field("decay", "Factor of the noise from epoch to epoch.") { $0.decay }
    type.field("validation", "The validation loss after each epoch.") { $0.validations }
    type.field(
      "stopped_early",
      "Whether patience with the validation ran out. `epsilon` is then that of all planned steps: when to end followed from what the run released, and a bound for a number of steps chosen so need not hold."
    ) { $0.isStoppedEarly }
    type.field("steps", "How many steps were made.") { $0.steps }
    type.field("sample_rate", "The chance of an example to be in a step.") { $0.sampleRate }
    type.field("seconds", "How long it took.") { $0.seconds }
    type.field("losses", "The mean training loss of each epoch. Not private.") { $0.losses }
    type.field("loss", "The mean training loss of the last epoch. Not private.") {
      $0.losses.last ?? .nan
    }
    type.field("accountant", "What computed epsilon: pld or rdp.") { $0.accountant.rawValue }
    type.field(
      "epsilon_rdp", "The same by Rényi orders, as many papers report it; never below `epsilon`."
    ) { $0.epsilonRDP }
    type.field("unit", "Whose data are protected as one: \"example\" or \"user\".") {
      $0.unit.rawValue
    }
    type.field(
      "max_grad_norm", "The clipping bound that the run ended with; nil where it stayed as given."
    ) { $0.clippingBound }
    type.field(
      "secure", "Whether the noise came from the operating system, so that it cannot be repeated."
    ) {
      $0.isSecure
    }
    type.field("notes", "What a reader should know, in sentences.") { $0.notes }
  }
}
