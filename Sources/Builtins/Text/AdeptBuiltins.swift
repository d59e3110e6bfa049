import Foundations
import Learning
import Privacy
import Runtime
import Text

/// A trained ADePT, in a script.
extension Adept: NativeValue {
  public static let nativeType = NativeType<Adept>(
    "adept", "An auto-encoder of texts with noise on its codes: `adept.rewrite(texts)`."
  ) { type in
    type.representation = { adept, _ in
      let mechanism = adept.mechanism
      return
        "adept: \(mechanism.width) numbers, noise \"\(mechanism.noise.rawValue)\", epsilon claimed \(NumberText.brief(mechanism.epsilonClaimed)), held \(NumberText.roundedUp(mechanism.epsilon)) a text; trained without privacy"
    }
    type.transfer = .share
    type.equals = { $0 === $1 }
    type.hasContent()
    type.field("width", "Numbers of a code.") { $0.mechanism.width }
    type.field("epsilon_claimed", "The epsilon asked for, as the paper claims it of \"laplace\".") {
      $0.mechanism.epsilonClaimed
    }
    type.field(
      "epsilon",
      "What holds for a rewritten text, exchanged for any other: claimed · √width for \"laplace\". It says nothing of the texts that the auto-encoder was trained on."
    ) { $0.mechanism.epsilon }
    type.field("delta", "The chance that the promise fails; 0 for Laplace noise.") {
      $0.mechanism.delta
    }
    type.field("noise", "The kind of noise.") { $0.mechanism.noise.rawValue }
    type.field("clip", "The largest length of a code.") { $0.mechanism.clip }
    type.field("scale", "Of one number's noise: Laplace's scale, or the standard deviation.") {
      $0.mechanism.scale
    }
    type.field("losses", "The mean training loss of each epoch. Not private.") {
      $0.history.epochs.map(\.loss)
    }
    type.field("vocabulary", "The words that can come out.") { $0.vocabulary }
    type.methods(AdeptBuiltins.methods)
  }
}

/// `text.adept`.
enum AdeptBuiltins {
  static let natives = [adept]

  private static let texts = Param<[String]>(
    "texts", "The texts to learn from, cut as `text.tokens` does.")
  private static let epsilon = Param<Double>(
    "epsilon", "Of one rewritten text.", .positive, .finite, named: true)
  private static let clip = Param<Double>(
    "clip", "The largest length of a code, C.", .positive, .finite, named: true)
  private static let delta = Param<Double>(
    "delta", "Of \"gaussian\": the chance that the promise fails.", default: 1e-5, .between(0, 1),
    named: true)
  private static let noise = Param<String>(
    "noise",
    "\"laplace\" is the published one, whose claim does not hold; \"laplace_l1\" clips in L1, \"laplace_l2\" has noise wider by √width, \"gaussian\" is the analytic mechanism.",
    default: "laplace", .oneOf(LatentMechanism.Noise.allCases.map(\.rawValue)), named: true)
  private static let width = Param<Int>(
    "width", "Numbers of a code.", default: 32, .within(1, 65_536), named: true)
  private static let length = Param<Int>(
    "length", "Words of a text at most; longer ones are cut.", default: 20, .within(1, 4096),
    named: true)
  private static let embedding = Param<Int>(
    "embedding", "Numbers of a word's vector.", default: 64, .within(1, 65_536), named: true)
  private static let hidden = Param<Int>(
    "hidden", "States of the LSTMs.", default: 128, .within(1, 65_536), named: true)
  private static let epochs = Param<Int>(
    "epochs", "Passes over the texts.", default: 20, .positive, named: true)
  private static let batch = Param<Int>(
    "batch", "Texts of a step.", default: 64, .positive, named: true)
  private static let rate = Param<Double>(
    "learning_rate", "Of Adam.", default: 5e-3, .positive, .finite, named: true)
  private static let minimum = Param<Int>(
    "min_count", "Rarer words are unknown, and never come out.", default: 1, .positive, named: true)
  private static let isPublic = Param<Bool>(
    "public", "Whether the texts are no secret; else a ledger refuses to have them learnt from.",
    default: false, named: true)

  private static let adept = Native(
    "adept",
    "ADePT: an auto-encoder that learns to make a code of a text and the text of its code. Then `rewrite` adds noise to the clipped code and decodes it. As published (\"laplace\") epsilon is only claimed: the noise would be enough for codes clipped in L1, not in L2, and what holds is epsilon · √width (Habernal 2021), the result's `epsilon`. The promise is local: each rewritten text is protected as if any other had been in its place. The auto-encoder itself is trained without privacy: what it learnt of its texts may come out in any rewritten one. Give it public texts, and private ones to `rewrite`. Laplace noise is of 64-bit floats; only words leave.",
    parameters: [
      texts, epsilon, clip, delta, noise, width, length, embedding, hidden, epochs, batch, rate,
      minimum, isPublic,
    ],
    returns: "adept", seeAlso: ["text.privatize", "dp.attack"],
    search: ["autoencoder", "rewrite", "paraphrase", "local privacy", "latent"],
    examples: [
      (
        "let a = text.adept([\"good day\", \"good night\"], epsilon: 10, clip: 5, width: 4, epochs: 2)\nround(a.epsilon / a.epsilon_claimed, 6)",
        "2.0"
      )
    ],
    arguments: { (arguments: inout Arguments) in
      let vm = arguments.vm
      let texts = try arguments(texts)
      let mechanism = try LatentMechanism(
        LatentMechanism.Noise(rawValue: try arguments(noise)) ?? .laplace,
        epsilon: try arguments(epsilon), delta: try arguments(delta), clip: try arguments(clip),
        width: try arguments(width))
      var options = Adept.Options()
      options.length = try arguments(length)
      options.embedding = try arguments(embedding)
      options.hidden = try arguments(hidden)
      options.epochs = try arguments(epochs)
      options.batch = try arguments(batch)
      options.learningRate = try arguments(rate)
      options.minimumCount = try arguments(minimum)
      if try !arguments(isPublic) {
        try vm.charge(Event(.nonPrivate, neighbours: vm.neighbours), "text.adept")
      }
      if mechanism.noise == .laplace, mechanism.width > 1 {
        vm.note(
          "ADePT as published claims an epsilon of \(NumberText.brief(mechanism.epsilonClaimed)); what holds is \(NumberText.roundedUp(mechanism.epsilon))"
        )
      }
      return try Adept(texts, mechanism, options, key: vm.randomKey("text.adept")) { plan in
        vm.trainingCallbacks(plan)
      }
    })

  static let methods = [
    Native(
      "with_noise",
      "The same auto-encoder with another epsilon or kind of noise. Codes must be clipped alike: \"laplace_l1\" clips in L1, the others in L2.",
      Param<Adept>("adept"), epsilon, noise, delta, returns: "adept"
    ) { adept, epsilon, noise, delta in
      try adept.with(
        LatentMechanism(
          LatentMechanism.Noise(rawValue: noise) ?? .laplace, epsilon: epsilon, delta: delta,
          clip: adept.mechanism.clip, width: adept.mechanism.width))
    },
    Native(
      "rewrite",
      "Texts decoded from the noisy codes of `texts`, one for each. Each costs `epsilon` for its own text.",
      Param<Adept>("adept"), Param<[String]>("texts", "The texts."), PrivateTextBuiltins.noise,
      returns: "list of string",
      context: { (vm: VM, adept: Adept, texts: [String], noise: String) in
        let source = try vm.noiseSource(noise, "adept.rewrite")
        try vm.charge(adept.mechanism.event, "adept.rewrite")
        return try adept.rewrite(texts, source)
      }),
    Native(
      "reconstruct",
      "What the auto-encoder makes of texts without noise. Not private: a ledger refuses it.",
      Param<Adept>("adept"), Param<[String]>("texts", "The texts."), returns: "list of string",
      context: { (vm: VM, adept: Adept, texts: [String]) in
        try vm.charge(Event(.nonPrivate, neighbours: vm.neighbours), "adept.reconstruct")
        return try adept.reconstruct(texts)
      }),
  ]
}
