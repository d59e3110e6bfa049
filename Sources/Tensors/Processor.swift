import CKernels
import COneDNN

/// What the bits of numerical results depend on beside the program itself.
public enum Processor {
  /// The vector instructions that kernels use here, and the library of matrix products with those that it uses. The
  /// same script gives the same bits where these are the same, whatever the number of threads.
  public static var arithmetic: String {
    let level =
      switch Int(fl_cpu_level()) {
      case Int(FL_LEVEL_AVX512): "avx512"
      case Int(FL_LEVEL_AVX2): "avx2"
      default: "plain"
      }
    guard fl_onednn_available() else { return level }
    return "\(level), onednn \(fl_onednn_version()) \(fl_onednn_instruction_set())"
  }
}
