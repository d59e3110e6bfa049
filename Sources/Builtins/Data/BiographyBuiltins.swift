import Runtime
import Tables
import Tensors
import Text

/// The generated corpus of biographies and stories, in `data`.
enum BiographyBuiltins {
  static let biographies = Native(
    "biographies",
    "A generated corpus of short biographies and stories with a planted bias. How often a profession's people are women is known: `train` and `held_out` are texts, `bios` a dataset for telling professions apart with `bios_female` for its test part, `planted` the share of women by profession.",
    Param<Int>("train", "Texts to learn from.", default: 4_000, .positive, named: true),
    Param<Int>("held_out", "Texts held out.", default: 500, .positive, named: true),
    Param<Double>(
      "strength", "1 plants the whole skew, 0 none.", default: 1, .within(0, 1), named: true),
    Param<Int>("seed", "Another seed gives other texts.", default: 1, named: true),
    returns:
      "{train: list of string, held_out: list of string, bios: dataset, bios_female, planted: map}",
    seeAlso: ["data.demo", "fair.gender_disparity"],
    search: ["synthetic", "bias in bios", "professions", "generate"],
    examples: [("len(data.biographies(train: 50, held_out: 10).train)", "50")]
  ) { train, heldOut, strength, seed in
    var options = BiographyCorpus.Options()
    options.train = train
    options.heldOut = heldOut
    options.strength = strength
    let corpus = try BiographyCorpus.generate(options, seed: UInt64(bitPattern: Int64(seed)))
    func utterances(_ bios: [Biography]) -> [Utterance] {
      bios.map { Utterance(text: $0.text, intent: $0.profession) }
    }
    let bios = try IntentDataset(
      Corpus(
        name: "biographies", train: utterances(corpus.biosTrain), test: utterances(corpus.biosTest))
    )
    return Record([
      ("train", corpus.train.map(\.text)), ("held_out", corpus.heldOut.map(\.text)),
      ("bios", bios), ("bios_female", corpus.biosTest.map(\.isFemale)),
      (
        "planted",
        Record(corpus.planted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
      ),
    ])
  }
}
