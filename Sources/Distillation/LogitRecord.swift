import CKernels
import Foundations
import Glibc
import Tensors

/// How a cache stores the logits of one position.
public struct LogitFormat: Sendable, Equatable {
  public enum Precision: String, Sendable, CaseIterable {
    /// Half precision of z − max z: exact to 2⁻¹¹ relative to the distance from the largest logit.
    case half
    case single
  }

  public var precision: Precision
  /// The k largest logits only; nil stores all.
  public var largest: Int?
  /// The temperatures at which the mass of all other logits is kept, for `Objective.Tail.bucket`.
  public var temperatures: [Double]

  /// - Throws: `value` where k or a temperature is not positive.
  public init(precision: Precision = .half, largest: Int? = nil, temperatures: [Double] = [])
    throws(DomainError)
  {
    if let largest, largest < 1 {
      throw DomainError(.value, "a cache keeps at least one logit, got \(largest)")
    }
    for temperature in temperatures where !(temperature.isFinite && temperature > 0) {
      throw DomainError(.value, "a temperature must be greater than 0, got \(temperature)")
    }
    self.precision = precision
    self.largest = largest
    self.temperatures = largest == nil ? [] : temperatures
  }

  /// All settings in one string, for keys.
  var fingerprint: String {
    guard let largest else { return precision.rawValue }
    return "\(precision.rawValue) \(largest) \(temperatures)"
  }
}

/// The bytes of one position in a cache, the same number for each: the ids of the kept tokens (i32), the mass of the
/// others at each temperature (f32), the logits (f16 or f32) relative to the largest one; rounded up to a multiple of
/// four.
struct LogitRecord {
  let format: LogitFormat
  let vocabulary: Int
  /// Logits in a record.
  let kept: Int
  let byteCount: Int

  /// - Throws: `value` where more logits are to be kept than there are.
  init(_ format: LogitFormat, vocabulary: Int) throws(DomainError) {
    guard vocabulary > 0, vocabulary <= 1 << 24 else {
      throw DomainError(.value, "a vocabulary has 1 to \(1 << 24) tokens, got \(vocabulary)")
    }
    kept = format.largest ?? vocabulary
    guard kept <= vocabulary else {
      throw DomainError(
        .value, "the \(kept) largest of \(vocabulary) logits cannot be kept")
    }
    self.format = format
    self.vocabulary = vocabulary
    let size = format.precision == .half ? 2 : 4
    let ids = format.largest == nil ? 0 : kept * 4
    byteCount = (ids + format.temperatures.count * 4 + kept * size + 3) / 4 * 4
  }

  private var tailOffset: Int { format.largest == nil ? 0 : kept * 4 }
  private var valueOffset: Int { tailOffset + format.temperatures.count * 4 }

  /// Writes the records of `rows` (positions) of logits [positions, vocabulary], one behind the other. Throws a value
  /// error where a logit is NaN or all of a row are infinite.
  func encode(_ logits: Tensor, rows: [Int], to target: UnsafeMutableRawPointer) throws {
    let dense = try DistillationLoss.floats(logits, "the teacher's logits")
    let chosen = try Tensor.uninitialized([max(1, rows.count), vocabulary])
    for (place, row) in rows.enumerated() {
      (chosen.floats + place * vocabulary).update(
        from: dense.floats + row * vocabulary, count: vocabulary)
    }
    guard !rows.isEmpty else { return }
    let part = try chosen.sliced(axis: 0, from: 0, to: rows.count)
    let tops = try Tensor.uninitialized([rows.count])
    fl_max_rows_f32(rows.count, vocabulary, chosen.floats, vocabulary, tops.floats)
    for row in 0..<rows.count where !tops.floats[row].isFinite {
      throw DomainError(
        .value, "the teacher's logits are not finite: there is nothing to learn from them")
    }
    var values = chosen
    var found: LargestLogits?
    if format.largest != nil {
      let largest = try LargestLogits(part, count: kept, temperatures: format.temperatures)
      values = largest.values
      found = largest
    }
    Parallel.blocks(rows.count, size: RowBlock.size(vocabulary)) {
      for row in $0 {
        let record = target + row * byteCount
        memset(record, 0, byteCount)
        let from = values.floats + row * kept
        fl_sub_vs_f32(kept, from, tops.floats[row], from)
        if let found {
          record.copyMemory(
            from: found.ids.pointer(Int32.self) + row * kept, byteCount: kept * 4)
          for (index, temperature) in format.temperatures.enumerated() {
            let tail = found.tails[index].floats[row] - tops.floats[row] / Float(temperature)
            (record + tailOffset + index * 4).storeBytes(of: tail, as: Float.self)
          }
        }
        switch format.precision {
        case .single: (record + valueOffset).copyMemory(from: from, byteCount: kept * 4)
        case .half:
          fl_convert_f32_f16(
            kept, from, (record + valueOffset).assumingMemoryBound(to: UInt16.self))
        }
      }
    }
    withExtendedLifetime((dense, chosen, values, tops, found)) {}
  }

  /// The logits of a record, relative to the largest.
  func readValues(_ record: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>) {
    switch format.precision {
    case .single: memcpy(target, record + valueOffset, kept * 4)
    case .half:
      fl_convert_f16_f32(kept, (record + valueOffset).assumingMemoryBound(to: UInt16.self), target)
    }
  }

  func readIDs(_ record: UnsafeRawPointer, to target: UnsafeMutablePointer<Int32>) {
    memcpy(target, record, kept * 4)
  }

  /// The mass of the others at temperature number `index`.
  func tail(_ record: UnsafeRawPointer, _ index: Int) -> Float {
    (record + tailOffset + index * 4).loadUnaligned(as: Float.self)
  }
}
