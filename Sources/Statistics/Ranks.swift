/// The ranks of values from 1 on; equal values share the mean of theirs.
struct Ranks {
  let ranks: [Double]
  /// How many values share each rank, in the order of the ranks.
  let groups: [Int]

  /// - Precondition: no value is nan.
  init(_ values: [Double]) {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var groups: [Int] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      let rank = Double(start + 1 + end) / 2
      for place in start..<end { ranks[order[place]] = rank }
      groups.append(end - start)
      start = end
    }
    self.ranks = ranks
    self.groups = groups
  }

  var hasTies: Bool { groups.contains { $0 > 1 } }
}
