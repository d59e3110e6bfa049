import Foundations
import Glibc

extension Plot {
  /// The plot as a PNG file, two pixels for each point of its size.
  ///
  /// - Throws: `DomainError` of kind `io` where librsvg and cairo, which draw it, are not on this machine.
  public func png() throws -> [UInt8] {
    try PNGRenderer.shared.get().render(try svg(), scale: 2)
  }
}

/// SVG to PNG by librsvg and cairo, which are loaded when they are first needed: plots as SVG and in the terminal work
/// without them.
struct PNGRenderer: @unchecked Sendable {
  // Addresses of functions, which never change.
  private let newHandle: NewHandle
  private let renderDocument: RenderDocument
  private let unref: @convention(c) (UnsafeMutableRawPointer) -> Void
  private let createSurface: @convention(c) (Int32, Int32, Int32) -> UnsafeMutableRawPointer?
  private let createContext: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer?
  private let destroySurface: @convention(c) (UnsafeMutableRawPointer) -> Void
  private let destroyContext: @convention(c) (UnsafeMutableRawPointer) -> Void
  private let surfaceStatus: @convention(c) (UnsafeMutableRawPointer) -> Int32
  private let contextStatus: @convention(c) (UnsafeMutableRawPointer) -> Int32
  private let writePNG: WritePNG

  private typealias NewHandle =
    @convention(c) (UnsafePointer<UInt8>, UInt, UnsafeMutableRawPointer?) ->
    UnsafeMutableRawPointer?
  private typealias RenderDocument =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafePointer<Double>,
      UnsafeMutableRawPointer?
    ) -> Int32
  private typealias Sink =
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, UInt32) -> Int32
  private typealias WritePNG =
    @convention(c) (UnsafeMutableRawPointer, Sink, UnsafeMutableRawPointer?) -> Int32

  static let shared = Result<PNGRenderer, DomainError> { () throws(DomainError) in
    try PNGRenderer(libraries: ["librsvg-2.so.2", "libcairo.so.2", "libgobject-2.0.so.0"])
  }

  /// - Parameter libraries: those of librsvg, cairo and GObject.
  init(libraries: [String]) throws(DomainError) {
    var handles: [UnsafeMutableRawPointer] = []
    for name in libraries {
      // Never closed: what they register in the process stays.
      guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
        throw DomainError(
          .io, "PNG files are drawn by librsvg and cairo, but \(name) is not on this machine",
          hint: "install the package librsvg2-2 (apt-get install librsvg2-2), or save a .svg file")
      }
      handles.append(handle)
    }
    func find<Function>(_ name: String, _ type: Function.Type) throws(DomainError) -> Function {
      for handle in handles {
        if let address = dlsym(handle, name) { return unsafeBitCast(address, to: type) }
      }
      throw DomainError(
        .io, "librsvg on this machine is too old: it has no \(name)",
        hint: "install librsvg 2.46 or newer, or save a .svg file")
    }
    newHandle = try find("rsvg_handle_new_from_data", NewHandle.self)
    renderDocument = try find("rsvg_handle_render_document", RenderDocument.self)
    unref = try find(
      "g_object_unref", (@convention(c) (UnsafeMutableRawPointer) -> Void).self)
    createSurface = try find(
      "cairo_image_surface_create",
      (@convention(c) (Int32, Int32, Int32) -> UnsafeMutableRawPointer?).self)
    createContext = try find(
      "cairo_create", (@convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer?).self)
    destroySurface = try find(
      "cairo_surface_destroy", (@convention(c) (UnsafeMutableRawPointer) -> Void).self)
    destroyContext = try find(
      "cairo_destroy", (@convention(c) (UnsafeMutableRawPointer) -> Void).self)
    surfaceStatus = try find(
      "cairo_surface_status", (@convention(c) (UnsafeMutableRawPointer) -> Int32).self)
    contextStatus = try find(
      "cairo_status", (@convention(c) (UnsafeMutableRawPointer) -> Int32).self)
    writePNG = try find("cairo_surface_write_to_png_stream", WritePNG.self)
  }

  /// - Parameters:
  ///   - svg: a document whose size stands in its first element.
  ///   - scale: pixels for each of its points.
  func render(_ svg: String, scale: Double) throws -> [UInt8] {
    guard let size = PNGRenderer.size(of: svg) else {
      throw DomainError(.value, "the SVG document does not say how large it is")
    }
    let (width, height) = ((size.width * scale).rounded(.up), (size.height * scale).rounded(.up))
    guard (1...16_000).contains(width), (1...16_000).contains(height) else {
      throw DomainError(.limit, "a PNG file has at most 16000 × 16000 pixels")
    }
    var bytes = Array(svg.utf8)
    // An error's details would have to be freed by glib; that there is one is enough.
    let handle = bytes.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { newHandle($0, UInt(buffer.count), nil) }
    }
    guard let handle else { throw PNGRenderer.failure("the document could not be read") }
    defer { unref(handle) }
    // 0 is ARGB with 8 bits each.
    guard let surface = createSurface(0, Int32(width), Int32(height)) else {
      throw PNGRenderer.failure("there is no memory for the picture")
    }
    defer { destroySurface(surface) }
    guard surfaceStatus(surface) == 0, let context = createContext(surface) else {
      throw PNGRenderer.failure("there is no memory for the picture")
    }
    defer { destroyContext(context) }
    // x, y, width and height of what the document fills.
    let viewport = [0, 0, width, height]
    guard renderDocument(handle, context, viewport, nil) != 0, contextStatus(context) == 0 else {
      throw PNGRenderer.failure("the document could not be drawn")
    }
    var result: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &result) { target in
      writePNG(
        surface,
        { closure, data, length in
          guard let target = closure?.assumingMemoryBound(to: [UInt8].self), let data else {
            return 0
          }
          target.pointee.append(
            contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
          return 0
        }, target)
    }
    guard status == 0 else { throw PNGRenderer.failure("the file could not be encoded") }
    return result
  }

  private static func failure(_ reason: String) -> DomainError {
    DomainError(.io, "the picture could not be drawn as PNG: \(reason)", hint: "save a .svg file")
  }

  private static func size(of svg: String) -> (width: Double, height: Double)? {
    func number(after mark: String) -> Double? {
      guard let start = svg.prefix(400).firstRange(of: mark) else { return nil }
      return Double(svg[start.upperBound...].prefix { $0 != "\"" })
    }
    guard let width = number(after: "width=\""), let height = number(after: "height=\"") else {
      return nil
    }
    return (width, height)
  }
}
