import Foundation

/// The discrete Fourier transform of a power of two complex numbers, in place (Cooley and Tukey 1965, radix 2).
struct FourierTransform {
  let count: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// - Precondition: `count` is a power of two, at least 2.
  init(count: Int) {
    precondition(count >= 2 && count & (count - 1) == 0, "a power of two")
    self.count = count
    let angle = -2 * Double.pi / Double(count)
    cosines = (0..<(count / 2)).map { cos(angle * Double($0)) }
    sines = (0..<(count / 2)).map { sin(angle * Double($0)) }
  }

  func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
    precondition(real.count == count && imaginary.count == count, "arrays of the transform's size")
    real.withUnsafeMutableBufferPointer { re in
      imaginary.withUnsafeMutableBufferPointer { im in
        cosines.withUnsafeBufferPointer { c in
          sines.withUnsafeBufferPointer { s in transform(re, im, c, s) }
        }
      }
    }
  }

  /// The inverse, scaled by 1/count: the forward transform with both parts exchanged.
  func inverse(_ real: inout [Double], _ imaginary: inout [Double]) {
    forward(&imaginary, &real)
    let scale = 1 / Double(count)
    for i in 0..<count {
      real[i] *= scale
      imaginary[i] *= scale
    }
  }

  /// The first count + 1 values of the transform of 2·count real numbers: the others mirror them.
  ///
  /// Even and odd places are the two parts of one complex transform of half the size.
  func forward(real values: [Double]) -> (real: [Double], imaginary: [Double]) {
    precondition(values.count == 2 * count, "twice as many as the transform's size")
    var even = [Double](repeating: 0, count: count)
    var odd = even
    for j in 0..<count {
      even[j] = values[2 * j]
      odd[j] = values[2 * j + 1]
    }
    forward(&even, &odd)
    var real = [Double](repeating: 0, count: count + 1)
    var imaginary = real
    let angle = -Double.pi / Double(count)
    for k in 0...count {
      let a = k == count ? 0 : k
      let b = k == 0 || k == count ? 0 : count - k
      let sumReal = (even[a] + even[b]) / 2
      let sumImaginary = (odd[a] - odd[b]) / 2
      let restReal = (odd[a] + odd[b]) / 2
      let restImaginary = (even[b] - even[a]) / 2
      let c = cos(angle * Double(k))
      let s = sin(angle * Double(k))
      real[k] = sumReal + restReal * c - restImaginary * s
      imaginary[k] = sumImaginary + restReal * s + restImaginary * c
    }
    return (real, imaginary)
  }

  /// The inverse of `forward(real:)`.
  func inverse(real: [Double], imaginary: [Double]) -> [Double] {
    precondition(real.count == count + 1 && imaginary.count == count + 1, "half a spectrum")
    var even = [Double](repeating: 0, count: count)
    var odd = even
    let angle = Double.pi / Double(count)
    for k in 0..<count {
      let b = count - k
      let sumReal = (real[k] + real[b]) / 2
      let sumImaginary = (imaginary[k] - imaginary[b]) / 2
      let differenceReal = (real[k] - real[b]) / 2
      let differenceImaginary = (imaginary[k] + imaginary[b]) / 2
      let c = cos(angle * Double(k))
      let s = sin(angle * Double(k))
      let restReal = differenceReal * c - differenceImaginary * s
      let restImaginary = differenceReal * s + differenceImaginary * c
      even[k] = sumReal - restImaginary
      odd[k] = sumImaginary + restReal
    }
    inverse(&even, &odd)
    var values = [Double](repeating: 0, count: 2 * count)
    for j in 0..<count {
      values[2 * j] = even[j]
      values[2 * j + 1] = odd[j]
    }
    return values
  }

  private func transform(
    _ re: UnsafeMutableBufferPointer<Double>, _ im: UnsafeMutableBufferPointer<Double>,
    _ cosines: UnsafeBufferPointer<Double>, _ sines: UnsafeBufferPointer<Double>
  ) {
    var j = 0
    for i in 1..<count {
      var bit = count >> 1
      while j & bit != 0 {
        j ^= bit
        bit >>= 1
      }
      j |= bit
      if i < j {
        re.swapAt(i, j)
        im.swapAt(i, j)
      }
    }
    var size = 2
    while size <= count {
      let half = size / 2
      let stride = count / size
      var start = 0
      while start < count {
        for k in 0..<half {
          let c = cosines[k * stride]
          let s = sines[k * stride]
          let a = start + k
          let b = a + half
          let x = re[b] * c - im[b] * s
          let y = re[b] * s + im[b] * c
          re[b] = re[a] - x
          im[b] = im[a] - y
          re[a] += x
          im[a] += y
        }
        start += size
      }
      size *= 2
    }
  }
}
