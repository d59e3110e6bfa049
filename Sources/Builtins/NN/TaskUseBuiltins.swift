import Foundations
import Learning
import Runtime
import Tensors
import Text

/// What trained models of the tasks of language say, in `nn`: tags, answers, texts.
enum TaskUseBuiltins {
  static let natives = [tags, answers, write]

  private static let examples = Param<[Spelling: Value]>(
    "examples", "A part as the reader of the task gives it.")

  private static let tags = Native(
    "tags",
    "The tags that a tagger gives to the words of each sentence. They are the likeliest of each word, or of a model that ends in a CRF the likeliest sequence. Where the examples have labels, places without one (padding, further pieces of words) are left out.",
    Param<Model>("model", "A model of `nn.tagger`, or one with outputs [examples, time, classes]."),
    examples,
    Param<[String]?>(
      "classes", "The names of the classes; nil gives their numbers.", default: nil),
    returns: "list of lists", seeAlso: ["stats.span_f1", "nn.crf_decode"],
    search: ["ner", "viterbi", "predict"],
    context: {
      (vm: VM, model: Model, examples: [Spelling: Value], classes: [String]?) throws -> Value in
      let numbers = try tagNumbers(vm, model, examples)
      guard let classes else { return try numbers.encode(vm) }
      return try numbers.map { sentence in
        try sentence.map { number in
          guard classes.indices.contains(number) else {
            throw Fault(
              .value, "the model gives class \(number), but there are \(classes.count) names"
            )
            .atArgument(2)
          }
          return classes[number]
        }
      }.encode(vm)
    })

  private static func tagNumbers(
    _ vm: VM, _ model: Model, _ examples: [Spelling: Value]
  ) throws -> [[Int]] {
    let inputs = try tensor("inputs", examples, vm)
    let labels = try examples["labels"].flatMap { try Tensor.attempt($0, vm) }
    guard inputs.rank == 2, labels == nil || labels?.shape == inputs.shape else {
      throw Fault(
        .shape,
        "tags need inputs [examples, time] and labels of the same shape, got \(inputs.shape)\(labels.map { " and \($0.shape)" } ?? "")"
      ).atArgument(1)
    }
    let source = try TensorSource(inputs: inputs, labels: labels ?? .zeros(inputs.shape, .i64))
    let field = CRF.last(of: model.layer)
    var result: [[Int]] = []
    for start in stride(from: 0, to: source.count, by: 128) {
      try vm.checkInterrupt()
      let batch = try source.batch(Array(start..<min(start + 128, source.count)))
      let scores = try ForwardContext.evaluation {
        try Cancellation.abandonable { try model.layer.forward(batch.inputs) }
      }
      guard scores.rank == 3, scores.shape[0] == batch.count, scores.shape[1] == inputs.shape[1]
      else {
        throw Fault(
          .shape, "a tagger gives scores [examples, time, classes], this model \(scores.shape)"
        ).atArgument(0)
      }
      let found = try field?.decode(scores) ?? likeliest(scores)
      let wanted =
        labels == nil ? nil : try batch.labels.cast(to: .i64).array(Int64.self)
      for (row, path) in found.enumerated() {
        let own = scores.lengths.map { Int($0.values[row]) } ?? path.count
        let first = row * inputs.shape[1]
        result.append(
          path.indices.filter { place in
            wanted.map { $0[first + place] != -100 } ?? (place < own)
          }.map { path[$0] })
      }
    }
    return result
  }

  private static func likeliest(_ scores: Tensor) throws -> [[Int]] {
    guard try scores.isNaN().any().item() == 0 else {
      throw Fault(.value, "the model gives nan: it predicts no tag").atArgument(0)
    }
    let time = scores.shape[1]
    let best = try scores.argmax(axis: -1).cast(to: .i64).array(Int64.self).map { Int($0) }
    return (0..<scores.shape[0]).map { Array(best[$0 * time..<($0 + 1) * time]) }
  }

  private static let answers = Native(
    "answers",
    "The answers that a model of `nn.answerer` finds, as they stand in the texts. Each is the likeliest span that does not end before it begins.",
    Param<Model>("model", "A model with outputs [examples, 2, time]."), examples,
    Param<Int>(
      "longest", "The most tokens of an answer.", default: 30, .within(1, 1_048_576), named: true),
    returns: "list of string", seeAlso: ["data.questions", "text.answer_scores"],
    search: ["squad", "predict", "span"],
    context: {
      (vm: VM, model: Model, examples: [Spelling: Value], longest: Int) throws -> [String] in
      let inputs = try tensor("inputs", examples, vm)
      let offsets = try tensor("offsets", examples, vm)
      guard let value = examples["contexts"], let contexts = try [String].attempt(value, vm),
        inputs.rank == 2, contexts.count == inputs.shape[0],
        offsets.shape == [inputs.shape[0], inputs.shape[1], 2]
      else {
        throw Fault(
          .value,
          "the examples need `inputs` [questions, time], `offsets` [questions, time, 2] and a list of `contexts`",
          hint: "give a part as `data.questions` makes it"
        ).atArgument(1)
      }
      let source = try TensorSource(inputs: inputs, labels: .zeros([contexts.count], .i64))
      let logits = try vm.evaluation(of: model).outputs(source)
      let places = try offsets.cast(to: .i64).array(Int64.self).map { Int($0) }
      let time = inputs.shape[1]
      let allowed = contexts.indices.map { row in
        (0..<time).map { places[2 * (row * time + $0)] >= 0 }
      }
      let spans = try Spans.best(logits, allowed: allowed, longest: longest)
      return spans.enumerated().map { row, span in
        guard let span else { return "" }
        let start = places[2 * (row * time + span.lowerBound)]
        let end = places[2 * (row * time + span.upperBound) + 1]
        let text = contexts[row].unicodeScalars.dropFirst(start).prefix(max(0, end - start))
        return String(text)
      }
    })

  private static let write = Native(
    "write",
    "What a model of `nn.seq2seq` writes for the sources of examples, word by word or by a beam search. Of equal sources it writes once.",
    Param<Model>("model", "A model of `nn.seq2seq`."), examples,
    Param<TaskVocabulary>("vocabulary", "The one that the examples were made with."),
    Param<Int>(
      "tokens", "The most tokens of a text.", default: 60, .within(1, 1_000_000), named: true),
    Param<Int>(
      "beams", "More than 1 searches for the likeliest text with that many beams.", default: 1,
      .within(1, 1000), named: true),
    returns: "list of string", seeAlso: ["data.pairs", "text.bleu"],
    search: ["generate", "translate", "decode", "beam search"],
    context: {
      (
        vm: VM, model: Model, examples: [Spelling: Value], vocabulary: TaskVocabulary, tokens: Int,
        beams: Int
      ) throws -> [String] in
      guard let writer = model.layer as? SequenceToSequence else {
        throw Fault(.type, "this is for models of `nn.seq2seq`, not for \(model.layer.kind)")
          .atArgument(0)
      }
      let inputs = try tensor("inputs", examples, vm)
      guard inputs.rank == 2, inputs.shape[1] >= writer.sourceWidth else {
        throw Fault(
          .shape,
          "the inputs must be [examples, at least \(writer.sourceWidth)], got \(inputs.shape)"
        ).atArgument(1)
      }
      let encoder = vocabulary.encoder(lowered: false)
      let (begin, end) = (try encoder.number(of: .begin), try encoder.number(of: .end))
      var known: [[Int64]: String] = [:]
      return try (0..<inputs.shape[0]).map { row in
        let source = try inputs.with(lengths: nil).sliced(axis: 0, from: row, to: row + 1)
          .sliced(axis: 1, from: 0, to: writer.sourceWidth).cast(to: .i64).contiguous()
        let key = try source.array(Int64.self)
        if let text = known[key] { return text }
        let written = try writer.write(
          source, begin: begin, end: end, limit: tokens, beams: beams,
          onStep: { try vm.checkInterrupt() })
        let text = try encoder.text(written[0])
        known[key] = text
        return text
      }
    })

  private static func tensor(
    _ name: String, _ examples: [Spelling: Value], _ vm: VM
  ) throws -> Tensor {
    if let value = examples[Spelling(name)], let tensor = try Tensor.attempt(value, vm) {
      guard tensor.rank > 0, tensor.shape[0] > 0 else {
        throw Fault(.value, "there are no examples in `\(name)`").atArgument(1)
      }
      return tensor
    }
    throw Fault(
      .value, "the examples need a tensor of `\(name)`",
      hint: "give a part as `data.tagging`, `data.questions` or `data.pairs` makes it"
    ).atArgument(1)
  }
}
