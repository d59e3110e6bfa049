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
