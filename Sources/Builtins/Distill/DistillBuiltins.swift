import Distillation
import Foundations
import Learning
import Runtime
import Tensors
import Text

/// The module `distill`: a student learns from a teacher.
enum DistillBuiltins {
  static let module = Module(
    "distill", "Distillation: a student learns from what a teacher says, perturbed or not.",
    natives: [student, train])

  private static let student = Native(
    "student",
    "A smaller model that begins as part of its teacher. The embeddings, some of the blocks, the final normalisation and output are copied.",
    Param<Model>("teacher", "A GPT-2 or a BERT."),
    Param<StudentLayers>(
      "layers",
      "Which blocks: \"every second\", how many (spread evenly), or a list of their numbers.",
      default: StudentLayers(layers: .everySecond), text: "\"every second\"", named: true),
    returns: "model", seeAlso: ["distill.train", "nn.load"],
    search: ["distilgpt2", "distilbert", "initialise"]
  ) { teacher, layers in
    switch teacher.layer {
    case let model as GPT2:
      return Model(
        layer: try Student.of(model, layers: layers.layers), tokenizer: teacher.tokenizer,
        specialTokens: teacher.specialTokens)
    case let model as BERT:
      let student = try Student.of(model, layers: layers.layers)
      let encoder = try teacher.sentenceEncoder.map {
        try SentenceEncoder(
          student, poolings: $0.poolings, normalizes: $0.normalizes, maximumLength: $0.maximumLength
        )
      }
      return Model(
        layer: student, tokenizer: teacher.tokenizer, specialTokens: teacher.specialTokens,
        sentenceEncoder: encoder)
    default:
      throw Fault(.type, "only a GPT-2 or a BERT has such a student, not \(teacher.layer.kind)")
        .atArgument(0)
    }
  }

  private static let studentModel = Param<Model>(
    "student", "The model that learns, which is changed.", mutates: true)
  private static let teacher = Param<Model>("teacher", "The model that it learns from.")
  private static let texts = Param<[String]>("texts", "What both read.")
  private static let objective = Param<String>(
    "objective",
    "\"hinton\" (KL and cross-entropy), \"distilbert\" (those and the cosine of hidden states), \"reverse_kl\", \"gkd\" (generalised Jensen-Shannon), \"skew_kl\", \"sequence\" (cross-entropy with what the teacher writes), \"none\" (cross-entropy with the texts, no teacher).",
    default: "hinton",
    .oneOf(["hinton", "distilbert", "reverse_kl", "gkd", "skew_kl", "sequence", "none"]),
    named: true)
  private static let temperature = Param<Double>(
    "temperature",
    "Softens both distributions: their logits are divided by T, and the divergence is multiplied by T² (not for gkd), so that its gradient keeps its size.",
    default: 2, .within(1e-3, 1000), named: true)
  private static let alpha = Param<Double>(
    "alpha", "hinton: the weight of the teacher; skew_kl: how much of the teacher is mixed in.",
    default: 0.5, .within(0, 1), named: true)
  private static let beta = Param<Double>(
    "beta", "gkd: between forward KL (0) and reverse KL (1).", default: 0.5, .within(0, 1),
    named: true)
  private static let onPolicy = Param<Double>(
    "on_policy", "gkd: the share of steps on texts that the student writes itself.", default: 0,
    .within(0, 1), named: true)
  private static let augment = Param<Double>(
    "augment",
    "The share of role-reversed copies among texts with gendered words: 0 none, 0.5 one of each.",
    default: 0, .within(0, 0.5), named: true)
  private static let perturb = Param<String>(
    "perturb",
    "How the teacher's logits for a text and for its role reversal are combined (Gupta et al. 2022).",
    default: "none", .oneOf(TeacherPerturbation.Operation.allCases.map(\.rawValue)), named: true)
  private static let perturbScope = Param<String>(
    "perturb_scope",
    "Where: in texts that role reversal changes, only behind the first changed word, or everywhere.",
    default: "reversed_texts", .oneOf(TeacherPerturbation.Scope.allCases.map(\.rawValue)),
    named: true)
  private static let wordMap = Param<Bool>(
    "word_map",
    "Whether gendered tokens change places in the reversed text's logits before they are combined, so that both texts get the same target. The paper leaves it open.",
    default: true, named: true)
  private static let cache = Param<String?>(
    "cache", "A folder that keeps the teacher's logits, so that a sweep asks the teacher once.",
    default: nil, named: true)
  private static let topK = Param<Int?>(
    "top_k", "cache: keep only this many largest logits a position, and the rest as one mass.",
    default: nil, .positive, named: true)
  private static let epochs = Param<Int?>(
    "epochs",
    "Passes over the texts; with `augment` over the reversed copies as well, so that a pass has more steps.",
    default: nil, .positive, text: "3", named: true)
  private static let steps = Param<Int?>(
    "steps",
    "How many steps to make in place of `epochs`: the same for every `augment`, so that settings compare; the last pass may end early.",
    default: nil, .positive, named: true)
  private static let batch = Param<Int>(
    "batch", "Texts a step.", default: 16, .positive, named: true)
  private static let length = Param<Int>(
    "length", "Tokens of a text; longer ones are cut.", default: 128, .within(2, 1_048_576),
    named: true)
  private static let optimizer = Param<OptimizerSettings?>(
    "optimizer", "How gradients become changes.", default: nil, text: "optim.adamw()",
    named: true)
  private static let reverser = Param<Reverser?>(
    "reverser", "What reverses roles: one that `text.reverser` made; nil is the built-in one.",
    default: nil, named: true)

  private static let train = Native(
    "train",
    "Trains a student on texts to say what its teacher says. Both must have the same vocabulary, token for token.",
    parameters: [
      studentModel, teacher, texts, objective, temperature, alpha, beta, onPolicy, augment, perturb,
      perturbScope, wordMap, cache, topK, epochs, steps, batch, length, optimizer, reverser,
      TrainingParameters.maxGradNorm,
    ] + TrainingParameters.pace,
    returns: "fit", seeAlso: ["distill.student", "text.swap_gender", "text.perplexity"],
    search: ["knowledge distillation", "kd", "teacher", "student", "role reversal"],
    arguments: { (arguments: inout Arguments) in try run(&arguments) })

  /// All that a run was asked for, and what it trains on.
  private static func run(_ arguments: inout Arguments) throws -> Fit {
    let vm = arguments.vm
    let (student, teacher) = (try arguments(studentModel), try arguments(teacher))
    let reading = try LanguageReading(teacher)
    let reader = TokenReader(reading.tokenizer)
    if let own = student.tokenizer {
      try SharedVocabulary.require(teacher: reader.tokens, student: TokenReader(own).tokens)
    }
    let kind = try arguments(objective)
    let objective = try objective(kind, &arguments)
    let perturbation = TeacherPerturbation(
      // The rules admit only names that exist.
      .init(rawValue: try arguments(perturb)) ?? .none, usesWordMap: try arguments(wordMap),
      scope: .init(rawValue: try arguments(perturbScope)) ?? .reversedTexts)
    if try arguments(epochs) != nil, try arguments(steps) != nil {
      throw Fault(.value, "`epochs` and `steps` both say how long to train: give one of them")
    }
    let ratio = try arguments(augment)
    let texts = try arguments(texts)
    let reversal = try arguments(reverser)?.reversal ?? .standard
    let needsReversal = ratio > 0 || perturbation.operation != .none
    let end = reading.start
    let options = DistillationCorpus.Options(
      maximumLength: min(try arguments(length), reading.context ?? .max), beginToken: end,
      endToken: end, padding: reading.tokenizer.specialTokens.padding ?? end ?? 0)
    let corpus = try DistillationCorpus(
      lines: texts, reader: reader, reversal: needsReversal ? reversal : nil, options: options)
    for notice in corpus.notices { vm.note(notice) }
    let map =
      perturbation.operation == .none
      ? nil : try CounterpartTokens(lexicon: reversal.lexicon, reader: reader)
    if let map, map.groups.isEmpty, perturbation.usesWordMap, perturbation.operation != .swap {
      vm.note(
        "no gendered word is one token of this vocabulary: the teacher's answers are combined as if `word_map` were false"
      )
    }
    let key = vm.randomKey("distill")
    let seed = key.derived("augmentation").low
    var source: any BatchSource
    var teaching: (any TeacherSource)?
    if let folder = try arguments(cache), objective.needsTeacher {
      let host = vm.hostServices
      let interrupt = vm.interrupt
      let prepared = try CachedTeacher.prepare(
        folder: try vm.writablePath(folder), teacher: teacher.layer, corpus: corpus,
        vocabulary: reading.tokenizer.vocabularySize, augmentation: ratio, seed: seed,
        perturbation: perturbation, map: map,
        format: LogitFormat(
          largest: try arguments(topK), temperatures: [objective.temperature]),
        onProgress: { done, of in
          guard host.isReportDue else { return }
          host.report(ProgressReport(stage: "teacher", done: done, total: of))
        }, shouldStop: { interrupt.isSet })
      (source, teaching) = (prepared.corpus, prepared.teacher)
    } else {
      let augmented = try corpus.augmented(ratio: ratio, seed: seed)
      source = augmented
      if objective.needsTeacher {
        teaching = try LiveTeacher(
          teacher.layer, perturbation: perturbation, corpus: augmented, map: map)
      }
    }
    let share = try arguments(onPolicy)
    if kind == "sequence" {
      source = try written(corpus, teacher, reading, options, key)
    } else if share > 0 {
      guard kind == "gkd", perturbation.operation == .none, try arguments(cache) == nil else {
        throw Fault(
          .value, "`on_policy` is for `objective: \"gkd\"` with the teacher in memory, unperturbed"
        )
      }
      let tokenizer = reading.tokenizer
      let beginning = min(8, max(1, options.maximumLength / 2))
      source = try OnPolicySource(
        corpus, student: student.layer, fraction: share, promptLength: beginning,
        newTokens: max(1, min(32, options.maximumLength - beginning)),
        sampler: .generation(stopTokens: end.map { [Int($0)] } ?? []) { layer in
          try reading.decoder(Model(layer: layer, tokenizer: tokenizer))
        }, key: key)
    }
    let plan = try plan(examples: source.count, &arguments)
    let trainer = try Trainer(
      model: student.layer, loss: .distillation(objective, teacher: teaching),
      optimizer: try arguments(optimizer)?.optimizer.fresh() ?? Adam.decoupled(),
      options: try TrainingParameters.Pace(&arguments).options(
        plan, key: key, gradientBound: try arguments(TrainingParameters.maxGradNorm)))
    let history = try trainer.run(source, vm.trainingCallbacks(plan))
    let fit = Fit(history: history)
    if history.isStopped {
      throw Fault.interrupted(
        "interrupted after step \(history.steps); the student keeps its state",
        partialResult: try vm.snapshot(vm.box(fit)))
    }
    return fit
  }

  private static func plan(examples: Int, _ arguments: inout Arguments) throws -> SamplingPlan {
    let batch = try arguments(batch)
    guard let steps = try arguments(steps) else {
      return try SamplingPlan(
        examples: examples, batch: batch, epochs: try arguments(epochs) ?? 3, sampling: .shuffled)
    }
    return try SamplingPlan(examples: examples, batch: batch, steps: steps, sampling: .shuffled)
  }

  private static func objective(_ name: String, _ arguments: inout Arguments) throws -> Objective {
    let temperature = try arguments(temperature)
    let alpha = try arguments(alpha)
    switch name {
    case "distilbert": return try .distilBERT(temperature: temperature)
    case "reverse_kl": return try .reverseKL(temperature: temperature)
    case "gkd":
      return try .generalized(beta: try arguments(beta), temperature: temperature)
    case "skew_kl":
      return try Objective(divergence: .skewKL(alpha: alpha), temperature: temperature)
    case "sequence", "none": return try .crossEntropy()
    default: return try .hinton(temperature: temperature, alpha: alpha)
    }
  }

  /// What the teacher writes behind the first tokens of each text (Kim and Rush 2016), by a beam search.
  private static func written(
    _ corpus: DistillationCorpus, _ teacher: Model, _ reading: LanguageReading,
    _ options: DistillationCorpus.Options, _ key: RandomKey
  ) throws -> DistillationCorpus {
    let prompts = corpus.texts.map { Array($0.ids.prefix(min(8, max(1, $0.ids.count - 1)))) }
    let longest = corpus.texts.reduce(1) { max($0, $1.ids.count) }
    let room = (reading.context ?? .max) - (prompts.map(\.count).max() ?? 1)
    return try SequenceLevel.corpus(
      teacher: reading.decoder(teacher), prompts: prompts,
      options: GenerationOptions(
        maximumNewTokens: max(1, min(longest, room)),
        stopTokens: options.endToken.map { [Int($0)] } ?? []),
      beams: BeamOptions(beams: 4), key: key, tokenizer: reading.tokenizer.fingerprint,
      reading: options)
  }
}

/// Which blocks of a teacher a student keeps, in a script.
struct StudentLayers: Bindable {
  var layers: Student.Layers

  static let typeName = "\"every second\", int or list of int"

  static func decode(_ value: Value, _ vm: VM) throws -> StudentLayers? {
    if let text = value.string {
      guard text == "every second" else { return nil }
      return StudentLayers(layers: .everySecond)
    }
    if let count = Int.decode(value, vm) { return StudentLayers(layers: .spread(count)) }
    return try [Int].decode(value, vm).map { StudentLayers(layers: .chosen($0)) }
  }

  func encode(_ vm: VM) throws -> Value { vm.makeString("every second") }
}
