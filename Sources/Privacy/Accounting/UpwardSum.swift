/// A sum of numbers times counts that is never below the exact one, and is the exact one where floats hold it: ten
/// quarters are 2.5. (Error-free transformations of Dekker 1971 and Knuth, as in Ogita, Rump, Oishi 2005.)
struct UpwardSum {
  private var sum = 0.0
  /// What rounding has left out of `sum`, itself rounded.
  private var rest = 0.0
  private var isExact = true

  mutating func add(_ value: Double, times count: Double = 1) {
    let product = value * count
    let ofProduct = (-product).addingProduct(value, count)
    let next = sum + product
    let back = next - sum
    let ofSum = (sum - (next - back)) + (product - back)
    sum = next
    if ofProduct != 0 || ofSum != 0 {
      isExact = false
      rest += ofProduct + ofSum
    }
  }

  /// Never below the exact sum.
  var upperBound: Double {
    if isExact || !sum.isFinite { return sum }
    // The rest is less than a millionth of a rounding wrong for a billion terms.
    return (sum + (rest + abs(rest) * 1e-6)).nextUp
  }
}
