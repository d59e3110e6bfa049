import CKernels
import Testing

/// The cases: strides, padding and dilation that differ by direction, channels with and without a tail, windows that
/// see nothing but padding.
private let windows = [
  fl_window(
    height: 5, width: 6, channels: 3, out_height: 3, out_width: 7, kernel_height: 3,
    kernel_width: 2, stride_height: 2, stride_width: 1, pad_top: 1, pad_left: 1,
    dilation_height: 1, dilation_width: 1),
  fl_window(
    height: 7, width: 4, channels: 19, out_height: 2, out_width: 3, kernel_height: 2,
    kernel_width: 3, stride_height: 3, stride_width: 1, pad_top: 0, pad_left: 2,
    dilation_height: 3, dilation_width: 2),
  fl_window(
    height: 1, width: 2, channels: 16, out_height: 1, out_width: 8, kernel_height: 1,
    kernel_width: 1, stride_height: 1, stride_width: 1, pad_top: 0, pad_left: 3,
    dilation_height: 1, dilation_width: 1),
]

extension fl_window {
  fileprivate var imageCount: Int { height * width * channels }
  fileprivate var places: Int { kernel_height * kernel_width }

  /// The image's pixel under place `k` of window (oy, ox); nil in the padding.
  fileprivate func pixel(_ oy: Int, _ ox: Int, _ k: Int) -> Int? {
    let y = oy * stride_height + k / kernel_width * dilation_height - pad_top
    let x = ox * stride_width + k % kernel_width * dilation_width - pad_left
    return (0..<height).contains(y) && (0..<width).contains(x) ? y * width + x : nil
  }

  /// Calls `body` with each window's number and position.
  fileprivate func each(_ body: (Int, Int, Int) -> Void) {
    for oy in 0..<out_height {
      for ox in 0..<out_width { body(oy * out_width + ox, oy, ox) }
    }
  }
}

extension KernelTests {
  @Suite struct Windows {
    @Test(arguments: windows.indices) func imagesBecomeColumnsAndBack(index: Int) {
      var window = windows[index]
      var numbers = Numbers(9)
      let image = numbers.array(window.imageCount)
      let channels = window.channels
      for (first, count) in [(0, channels), (1, channels - 1), (0, 1)] where count > 0 {
        let size = window.out_height * window.out_width * window.places * count
        let columns = sameOnEveryLevel {
          output(size) { fl_im2col_f32(&window, first, count, image, $0) }
        }
        window.each { number, oy, ox in
          for k in 0..<window.places {
            for c in 0..<count {
              let expected = window.pixel(oy, ox, k).map { image[$0 * channels + first + c] } ?? 0
              #expect(columns[(number * window.places + k) * count + c] == expected)
            }
          }
        }
        // The transpose: <im2col(a), b> = <a, col2im(b)>.
        let b = numbers.array(size)
        let zeros = [Float](repeating: 0, count: window.imageCount)
        let back = sameOnEveryLevel {
          output(window.imageCount, initial: zeros) {
            fl_col2im_add_f32(&window, first, count, b, $0)
          }
        }
        let left = fl_dot_f32(size, columns, b)
        #expect((left - fl_dot_f32(window.imageCount, image, back)).magnitude < 1e-3)
      }
    }

    @Test(arguments: windows.indices) func maximaAndMeans(index: Int) {
      var window = windows[index]
      var numbers = Numbers(10)
      var image = numbers.array(window.imageCount)
      // A NaN wins, and of equal numbers the first.
      image[window.channels] = .nan
      image[window.imageCount - 1] = image[window.imageCount - 1 - window.channels]
      let (channels, count) = (
        window.channels, window.out_height * window.out_width * window.channels
      )
      let dy = numbers.array(count)
      var places = [UInt16](repeating: 0, count: count)
      let maxima = sameOnEveryLevel {
        output(count) { fl_maxpool_window_f32(&window, image, $0, &places) }
      }
      let back = sameOnEveryLevel {
        output(window.imageCount) { fl_maxpool_window_backward_f32(&window, dy, places, $0) }
      }
      var expectedBack = [Float](repeating: 0, count: window.imageCount)
      window.each { number, oy, ox in
        for c in 0..<channels {
          var best: (value: Float, place: Int, pixel: Int)?
          for k in 0..<window.places {
            guard let pixel = window.pixel(oy, ox, k) else { continue }
            let value = image[pixel * channels + c]
            if best.map({ value > $0.value || (value.isNaN && !$0.value.isNaN) }) ?? true {
              best = (value, k, pixel)
            }
          }
          let found = maxima[number * channels + c]
          #expect(found == best?.value ?? -.infinity || (found.isNaN && best?.value.isNaN == true))
          guard let best else { continue }
          #expect(Int(places[number * channels + c]) == best.place)
          expectedBack[best.pixel * channels + c] += dy[number * channels + c]
        }
      }
      #expect(zip(back, expectedBack).allSatisfy { ($0 - $1).magnitude < 1e-5 })
      image[window.channels] = 1
      for counts in [Int32(0), 1] {
        let means = sameOnEveryLevel {
          output(count) { fl_meanpool_window_f32(&window, counts, image, $0) }
        }
        let gradient = sameOnEveryLevel {
          output(window.imageCount) { fl_meanpool_window_backward_f32(&window, counts, dy, $0) }
        }
        window.each { number, oy, ox in
          let inside = (0..<window.places).compactMap { window.pixel(oy, ox, $0) }
          let divisor = Float(counts == 1 ? window.places : max(1, inside.count))
          for c in 0..<channels {
            let sum = inside.reduce(Float(0)) { $0 + image[$1 * channels + c] }
            #expect((means[number * channels + c] - sum / divisor).magnitude < 1e-5)
          }
        }
        let left = fl_dot_f32(count, means, dy)
        #expect((left - fl_dot_f32(window.imageCount, image, gradient)).magnitude < 1e-3)
      }
    }
  }
}
