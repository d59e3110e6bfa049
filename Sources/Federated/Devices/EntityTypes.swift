/// What stands for the class of a tagged sentence: the types of the entities in it. As FedNLP partitions its tagging
/// data (Lin et al., Findings of NAACL 2022, arXiv 2104.08815): types of numbers, times and the like do not count.
public enum EntityTypes {
  static let ignored: Set<String> = [
    "CARDINAL", "DATE", "MONEY", "QUANTITY", "ORDINAL", "TIME", "LANGUAGE", "WORK_OF_ART", "LAW",
    "PERCENT",
  ]

  /// - Parameter tags: of the sentence's words: `O`, `B-PERSON`, `I-PERSON` …, or types without a prefix.
  /// - Returns: the types in order, joined by commas; `NULL` without any.
  public static func label(_ tags: some Sequence<String>) -> String {
    var types: Set<String> = []
    for tag in tags where tag != "O" && !tag.isEmpty {
      let isPrefixed = tag.dropFirst().first == "-" && "BIESLUM".contains(tag.prefix(1))
      let type = isPrefixed ? String(tag.dropFirst(2)) : tag
      if !ignored.contains(type), !type.isEmpty { types.insert(type) }
    }
    return types.isEmpty ? "NULL" : types.sorted().joined(separator: ",")
  }
}
