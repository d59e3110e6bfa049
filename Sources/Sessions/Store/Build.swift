import CSystem
import Foundations

extension Fingerprint {
  /// What tells this build of Fairlead from all others: results of another build are not taken over.
  public static let build: String = {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = fairlead_build_id(&bytes, bytes.count)
    return bytes.prefix(count).hexadecimal
  }()
}
